package spool

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
)

var samples = [][]byte{[]byte("first"), {}, bytes.Repeat([]byte{7}, 300), []byte("the last one")}

func sampleSegment() []byte {
	b := []byte(segmentMagic)
	for _, p := range samples {
		b = appendRecord(b, p)
	}
	return b
}

// A segment that an earlier program wrote must read for ever.
func TestReadGolden(t *testing.T) {
	old, err := hex.DecodeString("77696474686c61772073706f6f6c20310a" + "00000005" + "7d965fdb" + "8a3ea150" + "6669727374")
	if err != nil {
		t.Fatal(err)
	}
	payloads, lost, err := Read(old)
	if err != nil || lost != 0 || len(payloads) != 1 || string(payloads[0]) != "first" {
		t.Errorf("Read(golden) = %q, %d lost, %v; an encoding of today is %x", payloads, lost, err, appendRecord(nil, samples[0]))
	}
}

func TestReadCutAnywhere(t *testing.T) {
	whole := sampleSegment()
	for cut := range len(whole) {
		payloads, lost, err := Read(whole[:cut])
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		kept := 0
		for i, p := range payloads {
			if !bytes.Equal(p, samples[i]) {
				t.Fatalf("cut at %d: record %d is %q", cut, i, p)
			}
			kept += recordHeader + len(p)
		}
		if cut >= len(segmentMagic) && len(segmentMagic)+kept+lost != cut {
			t.Errorf("cut at %d: %d bytes kept and %d lost", cut, kept, lost)
		}
	}
}

// Whatever bit flips, what is read was written, in order.
func TestReadFlippedAnywhere(t *testing.T) {
	whole := sampleSegment()
	for at := range len(whole) * 8 {
		b := slices.Clone(whole)
		b[at/8] ^= 1 << (at % 8)
		payloads, lost, err := Read(b)
		if err == nil && lost == 0 {
			t.Errorf("bit %d: the damage was not seen", at)
		}
		next := 0
		for _, p := range payloads {
			for next < len(samples) && !bytes.Equal(p, samples[next]) {
				next++
			}
			if next == len(samples) {
				t.Fatalf("bit %d: read %q, which was never written there", at, p)
			}
			next++
		}
	}
}

func TestReadNewer(t *testing.T) {
	if _, _, err := Read([]byte("widthlaw spool 2\nwho knows")); !errors.Is(err, ErrNewer) {
		t.Errorf("Read of a newer segment: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sampleSegment())
	f.Add([]byte(segmentMagic))
	f.Add([]byte{})
	f.Add([]byte("widthlaw spool 2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		payloads, lost, err := Read(b)
		if err != nil {
			return
		}
		again := []byte(segmentMagic)
		for _, p := range payloads {
			again = appendRecord(again, p)
		}
		back, none, err := Read(again)
		if err != nil || none != 0 || !slices.EqualFunc(back, payloads, bytes.Equal) {
			t.Errorf("what was read does not read back: %v, %d lost", err, none)
		}
		if lost == 0 && len(b) > 0 && !bytes.Equal(again, b) { // an empty file has lost nothing
			t.Errorf("nothing lost, but %q is not what the records give", b)
		}
	})
}
