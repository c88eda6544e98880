package agent

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/widthlaw/widthlaw/sweep"
)

var sampleDelivery = sweep.Delivery{
	Fence: 7, Point: []byte("point"), Outcome: []byte("outcome"),
	Provenance: sweep.Provenance{
		Host: "h", Agent: "a", Kernel: "k", Version: "v", Revision: "r",
		Started: time.Unix(0, 1).UTC(), Finished: time.Unix(0, 2).UTC(), Attempts: 3, Threads: 4, Seconds: 1.5,
	},
}

// What an earlier program left in a spool must read for ever.
func TestDeliveryGolden(t *testing.T) {
	const golden = "010000000000000007" + "00000005706f696e74" + "000000076f7574636f6d65" + "00000000" +
		"0000000168" + "0000000161" + "000000016b" + "0000000176" + "0000000172" +
		"0000000000000001" + "0000000000000002" + "00000003" + "00000004" + "3ff8000000000000"
	if got := hex.EncodeToString(encodeDelivery(sampleDelivery)); got != golden {
		t.Errorf("encoded as %s", got)
	}
	b, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decodeDelivery(b)
	if diff := cmp.Diff(sampleDelivery, d); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestDeliveryCutAnywhere(t *testing.T) {
	b := encodeDelivery(sampleDelivery)
	for n := range b {
		if _, err := decodeDelivery(b[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken for a delivery", n, len(b))
		}
	}
}

func TestDeliveryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, number := rapid.String(), rapid.IntRange(0, 1<<31-1)
		d := sweep.Delivery{Fence: rapid.Uint64().Draw(t, "fence"), Point: rapid.SliceOfN(rapid.Byte(), 1, 99).Draw(t, "point"), Error: text.Draw(t, "error")}
		if d.Error == "" {
			d.Outcome = rapid.SliceOfN(rapid.Byte(), 1, 99).Draw(t, "outcome")
		}
		d.Provenance = sweep.Provenance{
			Host: text.Draw(t, "host"), Kernel: text.Draw(t, "kernel"), Attempts: number.Draw(t, "attempts"), Threads: number.Draw(t, "threads"),
			Seconds: rapid.Float64Range(0, 1e18).Draw(t, "seconds"),
		}
		fence := rapid.Uint64().Draw(t, "new fence")
		b := encodeDelivery(d)
		setFence(b, fence)
		d.Fence = fence
		got, err := decodeDelivery(b)
		if diff := cmp.Diff(d, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

func FuzzDecodeDelivery(f *testing.F) {
	f.Add(encodeDelivery(sampleDelivery))
	f.Add([]byte{deliveryVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := decodeDelivery(b)
		if err == nil && !bytes.Equal(encodeDelivery(d), b) {
			t.Errorf("%x is taken for a delivery that encodes as %x", b, encodeDelivery(d))
		}
	})
}
