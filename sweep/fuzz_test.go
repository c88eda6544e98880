package sweep

import (
	"encoding/json"
	"fmt"
	"testing"
)

// FuzzExpression writes any text as a condition and as a formula. It is refused with a text, or it keeps the same points each time.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{
		"m >= 2 and m * d <= 1000000", "ceil(m * n / d)", "n in [1, 2] and not (m < d)", "1 < n <= m % 3", "sqrt(m) + abs(-n) == max(m, 2.5)",
		"labels == 'teacher' or stop_at_fit", "9223372036854775807 + m > 0", "m / 0", "m % 0", "round(1e300 * m)", "((((", "m ** n", "lambda0 > 1", "\x00", "-min(m)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range []string{"where: %s", "derive: {seed: %s}"} {
			spec := "name: a\ntrainer: toy\nfixed: {n: 4, d: 2}\ngrid: {m: [1, 2, 7], labels: [gaussian, teacher], data_seed: 0..1}\n" + fmt.Sprintf(use, quoted)
			count := func() (n int) {
				s, err := parseWithin(1000, []*Trainer{toy()}, "spec.yaml", []byte(spec), nil)
				if err != nil {
					if err.Error() == "" {
						t.Fatal("an error without a text")
					}
					return -1
				}
				for i, p := range s.Space.All() {
					if j, ok := s.Space.Find(p); !ok || i != j {
						t.Fatalf("Find gives %d, %v for index %d", j, ok, i)
					}
					n++
				}
				return n
			}
			if a, b := count(), count(); a != b {
				t.Fatalf("%q keeps %d points, then %d", text, a, b)
			}
		}
	})
}

// FuzzTexts reads any words as a person would give them to `point`.
func FuzzTexts(f *testing.F) {
	for _, words := range [][2]string{{"m", "64"}, {"lr", "0.5/lambda_max"}, {"columns", "a,b"}, {"steps", "32/(eta*lambda0)"}, {"stop_at_fit", "true"}, {"nothing", ""}, {"m", "log:60"}, {"m", "every:10"}} {
		f.Add(words[0], words[1])
	}
	trainer := toy()
	f.Fuzz(func(t *testing.T, name, text string) {
		if v, problem := trainer.ParseParam(name, text); problem == "" && trainer.Param(name).Type != ListType {
			if why := trainer.Param(name).Accepts(v); trainer.Param(name).Type != FileType && why != "" {
				t.Errorf("%s=%q was read, and does not fit: %s", name, text, why)
			}
		}
		if s, err := ParseSchedule(text); err == nil {
			if again, err := ParseSchedule(s.String()); err != nil || again != s {
				t.Errorf("%q is the schedule %v, and then %v, %v", text, s, again, err)
			}
		}
		if k, err := ParseKey(text); err == nil {
			if again, err := ParseKey(k.String()); err != nil || again != k {
				t.Errorf("%q is the key %v, and then %v, %v", text, k, again, err)
			}
		}
	})
}
