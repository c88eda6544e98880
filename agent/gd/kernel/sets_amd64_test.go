package kernel

import (
	"os"
	"regexp"
	"testing"
)

// TestRequirements holds the assembly against what sets asks of the processor: a machine with AVX-512 would run an EVEX instruction that
// slipped into the kernels of AVX2.
func TestRequirements(t *testing.T) {
	for file, allowed := range map[string]string{
		"avx2_amd64.s":   `AVX|AVX2|FMA3|BMI|POPCNT|CMOV|MMX\+`,
		"avx512_amd64.s": `AVX|FMA3|AVX512F|AVX512DQ|AVX512BW|AVX512VL|BMI|POPCNT|CMOV|MMX\+`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		required := regexp.MustCompile(`(?m)^// Requires: (.*)$`).FindAllSubmatch(text, -1)
		if len(required) != 20 {
			t.Errorf("%s says of %d kernels what they require", file, len(required))
		}
		fine := regexp.MustCompile(`^(` + allowed + `)(, (` + allowed + `))*$`)
		for _, r := range required {
			if !fine.Match(r[1]) {
				t.Errorf("%s requires %s, but sets asks for %s", file, r[1], allowed)
			}
		}
		if wide := regexp.MustCompile(`\b([XY](1[6-9]|2\d|3[01])|Z\d+|K[0-7])\b`).Find(text); file == "avx2_amd64.s" && wide != nil {
			t.Errorf("%s uses %s, a register of AVX-512", file, wide)
		}
	}
}
