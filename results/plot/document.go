package plot

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
)

// A Document is pages of text and figures, as PDF: what a page for a browser says, for a paper's supplement.
type Document []Sheet

// A Sheet is a figure on a page of its own, or text in one width of letters, on as many pages as it needs.
type Sheet struct {
	Figure *Figure
	Text   string
}

// A page is A4, lying.
const (
	pageWidth, pageHeight = 842, 595
	pageMargin            = 32
	monoSize              = 7.2
	monoLead              = 9.2
	monoAdvance           = 0.6 * monoSize // of Liberation Mono
	linesAPage            = 57
	lettersALine          = 180
)

// Write writes the document.
func (d Document) Write(w io.Writer) error {
	c := vgpdf.New(pageWidth, pageHeight)
	for i, page := range d.pages() {
		if i > 0 {
			c.NextPage()
		}
		page(c)
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	_, err := w.Write(reproducible(b.Bytes(), "pdf"))
	return err
}

// pages draw one page each.
func (d Document) pages() (pages []func(*vgpdf.Canvas)) {
	for _, sheet := range d {
		if f := sheet.Figure; f != nil {
			pages = append(pages, func(c *vgpdf.Canvas) { f.drawPage(c) })
		}
		var lines []string
		for line := range strings.Lines(sheet.Text) {
			lines = append(lines, broken(strings.TrimRight(line, "\n"))...)
		}
		for chunk := range slices.Chunk(lines, linesAPage) {
			pages = append(pages, func(c *vgpdf.Canvas) {
				for i, line := range chunk {
					writeMono(c, line, vg.Point{X: pageMargin, Y: pageHeight - pageMargin - vg.Length(i+1)*monoLead})
				}
			})
		}
	}
	return pages
}

// broken is a line in pieces that fit a page.
func broken(line string) (pieces []string) {
	letters := []rune(strings.NewReplacer("\t", "    ", "∼", "~").Replace(line)) // the font has no ∼
	for len(letters) > lettersALine {
		pieces, letters = append(pieces, string(letters[:lettersALine])), letters[lettersALine:]
	}
	return append(pieces, string(letters))
}

// drawPage draws a figure as large as the page allows.
func (f Figure) drawPage(c *vgpdf.Canvas) {
	width, height := f.size()
	by := min((pageWidth-2*pageMargin)/width, (pageHeight-2*pageMargin)/height)
	c.Push()
	c.Translate(vg.Point{X: pageMargin, Y: pageHeight - pageMargin - height*by})
	c.Scale(float64(by), float64(by))
	f.draw(draw.NewCanvas(outliner{c}, width, height))
	c.Pop()
}

// writeMono writes a line: what is ASCII as text that can be searched and copied, the rest as outlines.
func writeMono(c *vgpdf.Canvas, line string, at vg.Point) {
	mono := font.Font{Typeface: "Liberation", Variant: "Mono", Size: monoSize}
	face := text.Plain{Fonts: font.DefaultCache}.Fonts.Lookup(mono, monoSize)
	c.SetColor(ink)
	letters := []rune(line)
	for from := 0; from < len(letters); {
		to, ascii := from+1, letters[from] < 0x80
		for to < len(letters) && (letters[to] < 0x80) == ascii {
			to++
		}
		piece, place := string(letters[from:to]), vg.Point{X: at.X + vg.Length(from)*monoAdvance, Y: at.Y}
		switch {
		case strings.TrimSpace(piece) == "":
		case ascii:
			c.FillString(face, place, piece)
		default:
			outliner{c}.FillString(face, place, piece)
		}
		from = to
	}
}
