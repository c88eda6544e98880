package table_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/widthlaw/widthlaw/results/table"
	"github.com/widthlaw/widthlaw/sweep"
)

var toy = &sweep.Trainer{
	Name: "toy", Version: 1,
	Params: []sweep.Param{
		{Name: "n", Type: sweep.IntType},
		{Name: "lr", Type: sweep.FloatType, Relative: "lambda_max"},
		{Name: "angle", Type: sweep.FloatType},
		{Name: "stop", Type: sweep.BoolType},
		{Name: "data", Type: sweep.TextType},
		{Name: "columns", Type: sweep.ListType},
	},
	Curves:  []sweep.Curve{{Name: "loss"}, {Name: "move"}, {Name: "never"}},
	Scalars: []sweep.Scalar{{Name: "eta", Kind: sweep.Float}, {Name: "steps_done", Kind: sweep.Int}, {Name: "loss_final", Kind: sweep.Float}, {Name: "stopped", Kind: sweep.Text}, {Name: "event_fit", Kind: sweep.Bool}},
}

var header = table.Header{Trainer: toy, Curves: []string{"move", "loss"}}

func point(values ...sweep.Value) sweep.Point { return sweep.Point{Trainer: toy, Values: values} }

func rows() []table.Row {
	done := &sweep.Outcome{
		Scalars: map[string]sweep.Value{
			"eta": sweep.FloatValue(0.1), "steps_done": sweep.IntValue(3), "loss_final": sweep.FloatValue(1e-300),
			"stopped": sweep.TextValue("fit"), "event_fit": sweep.BoolValue(true), "move_final": sweep.FloatValue(1.0 / 3),
		},
		Curves: sweep.Curves{Step: []int64{0, 1, 3}, Values: map[string][]float64{
			"loss": {1, 0.5, 1e-300}, "move": {0, math.NaN(), 1.0 / 3},
		}},
		Provenance: sweep.Provenance{
			Host: `node "7", rack é`, Agent: "a-1", Kernel: "avx512", Version: "1.0", Revision: "abc",
			Started:  time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.FixedZone("", 3600)),
			Finished: time.Date(2026, 1, 2, 3, 4, 9, 0, time.UTC), Attempts: 2, Threads: 4, Seconds: 2.5,
		},
	}
	none := sweep.Value{}
	return []table.Row{
		{
			Index: 0, Key: sweep.Key{1}, State: sweep.Done, Outcome: done,
			Point: point(sweep.IntValue(math.MaxInt64), sweep.RelativeValue(2), sweep.FloatValue(0.02), sweep.BoolValue(false), sweep.TextValue("pairs"), sweep.ListValue([]string{"a,b", "c"})),
		},
		{
			Index: 7, Key: sweep.Key{2}, State: sweep.Failed,
			Point: point(sweep.IntValue(50), sweep.FloatValue(0.1), none, sweep.BoolValue(true), sweep.TextValue("sphere"), none),
		},
	}
}

func write(t testing.TB, format string, curves bool, rows []table.Row) []byte {
	t.Helper()
	var b bytes.Buffer
	open := table.New
	if curves {
		open = table.NewCurves
	}
	w, err := open(&b, format, header)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	key1 = "01" + strings.Repeat("0", 62)
	key2 = "02" + strings.Repeat("0", 62)
)

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		format string
		curves bool
		want   string
	}{
		{"csv", false, `index,key,n,lr,angle,stop,data,columns,state,eta,steps_done,loss_final,stopped,event_fit,move_final,host,agent,kernel,version,revision,started,finished,attempts,threads,seconds
0,` + key1 + `,9223372036854775807,2/lambda_max,0.02,false,pairs,"[""a,b"",""c""]",done,0.1,3,1e-300,fit,true,0.3333333333333333,"node ""7"", rack é",a-1,avx512,1.0,abc,2026-01-02T02:04:05.678Z,2026-01-02T03:04:09Z,2,4,2.5
7,` + key2 + `,50,0.1,,true,sphere,,failed,,,,,,,,,,,,,,,,
`},
		{"csv", true, `index,key,step,loss,move
0,` + key1 + `,0,1,0
0,` + key1 + `,1,0.5,
0,` + key1 + `,3,1e-300,0.3333333333333333
`},
		{"jsonl", false, `{"schema":1,"index":0,"key":"` + key1 + `","n":9223372036854775807,"lr":"2/lambda_max","angle":0.02,"stop":false,"data":"pairs","columns":["a,b","c"],"state":"done","eta":0.1,"steps_done":3,"loss_final":1e-300,"stopped":"fit","event_fit":true,"move_final":0.3333333333333333,"host":"node \"7\", rack é","agent":"a-1","kernel":"avx512","version":"1.0","revision":"abc","started":"2026-01-02T02:04:05.678Z","finished":"2026-01-02T03:04:09Z","attempts":2,"threads":4,"seconds":2.5}
{"schema":1,"index":7,"key":"` + key2 + `","n":50,"lr":0.1,"angle":null,"stop":true,"data":"sphere","columns":null,"state":"failed","eta":null,"steps_done":null,"loss_final":null,"stopped":null,"event_fit":null,"move_final":null,"host":null,"agent":null,"kernel":null,"version":null,"revision":null,"started":null,"finished":null,"attempts":null,"threads":null,"seconds":null}
`},
		{"jsonl", true, `{"schema":1,"index":0,"key":"` + key1 + `","step":0,"loss":1,"move":0}
{"schema":1,"index":0,"key":"` + key1 + `","step":1,"loss":0.5,"move":null}
{"schema":1,"index":0,"key":"` + key1 + `","step":3,"loss":1e-300,"move":0.3333333333333333}
`},
	} {
		if d := cmp.Diff(c.want, string(write(t, c.format, c.curves, rows()))); d != "" {
			t.Errorf("%s, curves %v (-want +got):\n%s", c.format, c.curves, d)
		}
	}
}

// readParquet reads a file back as maps, by column name; null columns are absent.
func readParquet(t *testing.T, b []byte) (names []string, list []map[string]parquet.Value) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range f.Schema().Fields() {
		names = append(names, field.Name())
	}
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		for buffer := make([]parquet.Row, 100); ; {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				m := map[string]parquet.Value{}
				for _, v := range row {
					if !v.IsNull() {
						m[names[v.Column()]] = v.Clone()
					}
				}
				list = append(list, m)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return names, list
}

func TestParquetReadsBack(t *testing.T) {
	names, list := readParquet(t, write(t, "parquet", false, rows()))
	first, _, _ := strings.Cut(string(write(t, "csv", false, nil)), "\n")
	if got := strings.Join(names, ","); got != first {
		t.Errorf("columns %s, want those of CSV: %s", got, first)
	}
	if len(list) != 2 || len(list[1]) != 7 {
		t.Fatalf("%d rows; the second has %v", len(list), list[1])
	}
	at := time.Date(2026, 1, 2, 2, 4, 5, 678_000_000, time.UTC)
	for name, want := range map[string]any{
		"index": int64(0), "key": key1, "n": int64(math.MaxInt64), "lr": "2/lambda_max", "angle": 0.02, "stop": false,
		"columns": `["a,b","c"]`, "state": "done", "loss_final": 1e-300, "event_fit": true, "move_final": 1.0 / 3,
		"host": `node "7", rack é`, "started": at.UnixMicro(), "threads": int64(4), "seconds": 2.5,
	} {
		if got := list[0][name]; !parquet.Equal(got, parquet.ValueOf(want)) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if lr := list[1]["lr"]; lr.String() != "0.1" {
		t.Errorf("a plain lr is %v", lr)
	}
	_, steps := readParquet(t, write(t, "parquet", true, rows()))
	if len(steps) != 3 || steps[2]["move"].Double() != 1.0/3 || steps[2]["step"].Int64() != 3 {
		t.Errorf("curves: %v", steps)
	}
	if _, ok := steps[1]["move"]; ok {
		t.Error("an undefined value of a curve is not null")
	}
}

// TestFloatsReadBack writes floats of all sizes in all formats and compares bits.
func TestFloatsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var want []float64
	var list []table.Row
	for len(want) < 2000 {
		f := math.Float64frombits(r.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		want = append(want, f)
		list = append(list, table.Row{
			Point: point(make([]sweep.Value, 6)...), State: sweep.Done,
			Outcome: &sweep.Outcome{Scalars: map[string]sweep.Value{"eta": sweep.FloatValue(f)}},
		})
	}
	texts, err := csv.NewReader(bytes.NewReader(write(t, "csv", false, list))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(bytes.NewReader(write(t, "jsonl", false, list)))
	_, values := readParquet(t, write(t, "parquet", false, list))
	for i, w := range want {
		fromCSV, err := strconv.ParseFloat(texts[i+1][9], 64)
		if err != nil {
			t.Fatal(err)
		}
		var object struct{ Eta float64 }
		if err := lines.Decode(&object); err != nil {
			t.Fatal(err)
		}
		if fromCSV != w || object.Eta != w || values[i]["eta"].Double() != w {
			t.Fatalf("%x: CSV %x, JSON %x, Parquet %x", w, fromCSV, object.Eta, values[i]["eta"].Double())
		}
	}
}

// TestConstantMemory writes 10^5 points and looks at the heap on the way.
func TestConstantMemory(t *testing.T) {
	for _, format := range table.Formats {
		for _, curves := range []bool{false, true} {
			t.Run(fmt.Sprint(format, curves), func(t *testing.T) {
				open := table.New
				if curves {
					open = table.NewCurves
				}
				w, err := open(io.Discard, format, header)
				if err != nil {
					t.Fatal(err)
				}
				sample := rows()[0]
				var least, most uint64 = math.MaxUint64, 0
				for i := range 100_000 {
					sample.Index, sample.Key = uint64(i), sweep.Key{byte(i), byte(i >> 8), byte(i >> 16)}
					if err := w.Write(sample); err != nil {
						t.Fatal(err)
					}
					if i%20_000 == 10_000 {
						runtime.GC()
						runtime.GC() // pools keep what they hold through one
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						least, most = min(least, m.HeapAlloc), max(most, m.HeapAlloc)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if most > least+16<<20 || most > 48<<20 {
					t.Errorf("the heap goes from %d to %d bytes", least, most)
				}
				t.Logf("heap %d to %d KiB", least>>10, most>>10)
			})
		}
	}
}

func TestMistakes(t *testing.T) {
	if _, err := table.New(io.Discard, "xlsx", header); err == nil || !strings.Contains(err.Error(), "csv") {
		t.Errorf("an unknown format: %v", err)
	}
	twice := &sweep.Trainer{Params: []sweep.Param{{Name: "host"}}}
	if _, err := table.New(io.Discard, "csv", table.Header{Trainer: twice}); err == nil || !strings.Contains(err.Error(), `"host"`) {
		t.Errorf("two columns of one name: %v", err)
	}
	w, err := table.New(io.Discard, "parquet", header)
	if err != nil {
		t.Fatal(err)
	}
	wrong := rows()[0]
	wrong.Outcome.Scalars["eta"] = sweep.TextValue("many")
	if err := w.Write(wrong); err == nil || !strings.Contains(err.Error(), "eta") {
		t.Errorf("a text among numbers: %v", err)
	}
	c, err := table.New(full{}, "csv", header)
	if err == nil {
		for range 1000 {
			err = c.Write(rows()[0])
		}
		if err == nil {
			err = c.Close()
		}
	}
	if err == nil {
		t.Error("the error of what is written to is lost")
	}
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
