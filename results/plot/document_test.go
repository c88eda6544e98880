package plot

import (
	"bytes"
	"strings"
	"testing"
)

// TestDocument: a page a figure, text on as many as it needs, long lines broken, and the same bytes again.
func TestDocument(t *testing.T) {
	a, _, _ := gather(usual())
	f := LawFigure("first", &a.Laws[0])
	d := Document{{Text: strings.Repeat("n^1.02 · λ0^−4, and a line of text\n", 3*linesAPage) + strings.Repeat("x", 2*lettersALine+1)}, {Figure: &f}}
	if got := len(d.pages()); got != 3+1+1 {
		t.Errorf("%d pages", got)
	}
	var first, second bytes.Buffer
	if err := d.Write(&first); err != nil {
		t.Fatal(err)
	}
	check(t, first.Bytes(), "pdf")
	if err := d.Write(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the second time it is another file: %v", err)
	}
	var none bytes.Buffer
	if err := (Document{}).Write(&none); err != nil {
		t.Error(err)
	}
}
