//go:build cluster

package real

import (
	"encoding/json"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReportInBrowser renders `analyze --report` in headless Chromium: nothing on the console, no request over the network, a picture
// with something in it, and a PDF that the browser prints. A page that does all that it must not is caught.
func TestReportInBrowser(t *testing.T) {
	dir := t.TempDir()
	spec := filepath.Join(dir, "report.yaml")
	if err := os.WriteFile(spec, []byte("name: report\ntrainer: two-layer\nfixed: {d: 5, data: pairs, pairs: 1}\n"+
		"grid: {n: [10, 20, 30], angle: [0.5, 1], m: [4, 16, 64, 256], seed: 0..5}\nrecord: {curves: [loss, lambda_min], at: {log: 10}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run", spec}, {"analyze", "report", "--report", filepath.Join(dir, "report")}} {
		cmd := exec.Command(program, append(args, "--state", filepath.Join(dir, "state"))...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
	page := render(t, filepath.Join(dir, "report", "index.html"))
	if len(page.console) > 0 || len(page.requests) > 0 {
		t.Errorf("console %q, requests %q", page.console, page.requests)
	}
	if page.colours < 40 || page.drawn < 0.02 || page.printed < 20_000 {
		t.Errorf("the picture has %d colours on %.3f of it, the PDF %d bytes", page.colours, page.drawn, page.printed)
	}

	bad := filepath.Join(dir, "bad.html")
	if err := os.WriteFile(bad, []byte(`<img src="http://127.0.0.1:9/x.png"><script>console.error("broken")</script>`), 0o644); err != nil {
		t.Fatal(err)
	}
	if control := render(t, bad); len(control.console) == 0 || len(control.requests) == 0 || control.drawn > 0.02 {
		t.Errorf("a page with an error, a request and nothing on it is not caught: %+v", control)
	}
}

// A rendered page is what the browser said of it.
type rendered struct {
	console, requests []string
	colours           int     // different ones in the picture
	drawn             float64 // share of it that is not white
	printed           int64   // bytes of the PDF
}

var consoleLine = regexp.MustCompile(`(?m)^.*:CONSOLE.*$`)

func render(t *testing.T, page string) (out rendered) {
	t.Helper()
	dir := t.TempDir()
	picture, log := filepath.Join(dir, "page.png"), filepath.Join(dir, "net.json")
	said := browse(t, dir, page, "--screenshot="+picture, "--window-size=1200,2400", "--log-net-log="+log)
	out.console = consoleLine.FindAllString(said, -1)
	out.requests = requests(t, log)
	out.colours, out.drawn = look(t, picture)
	browse(t, dir, page, "--print-to-pdf="+filepath.Join(dir, "page.pdf"))
	if info, err := os.Stat(filepath.Join(dir, "page.pdf")); err == nil {
		out.printed = info.Size()
	}
	return out
}

// browse runs the browser, without what it does on its own account, and returns what it logs.
func browse(t *testing.T, dir, page string, args ...string) string {
	t.Helper()
	cmd := exec.Command("chromium", append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-domain-reliability", "--no-first-run", "--disable-features=NetworkTimeServiceQuerying",
		"--user-data-dir=" + filepath.Join(dir, "profile")}, append(args, "file://"+page)...)...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, said)
	}
	return string(said)
}

// requests are the network addresses that the page asked for; what the browser asks for on its own account has no origin.
func requests(t *testing.T, log string) (urls []string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var net struct {
		Events []struct {
			Params struct {
				URL       string `json:"url"`
				Initiator string `json:"initiator"`
			} `json:"params"`
		} `json:"events"`
	}
	if err := json.Unmarshal(text, &net); err != nil {
		t.Fatal(err)
	}
	for _, e := range net.Events {
		p := e.Params
		if p.Initiator != "" && p.Initiator != "not an origin" && (strings.HasPrefix(p.URL, "http") || strings.HasPrefix(p.URL, "ws")) {
			urls = append(urls, p.URL)
		}
	}
	return urls
}

func look(t *testing.T, picture string) (colours int, drawn float64) {
	t.Helper()
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	image, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	seen, bounds := map[color.Color]int{}, image.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			seen[color.RGBAModel.Convert(image.At(x, y))]++
		}
	}
	all := bounds.Dx() * bounds.Dy()
	return len(seen), 1 - float64(seen[color.RGBA{255, 255, 255, 255}])/float64(all)
}
