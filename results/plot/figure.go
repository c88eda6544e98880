package plot

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Figure is panels under a title, in rows of three, or of two where they are four.
type Figure struct {
	Title  string
	Panels []Panel
}

// A Panel is one pair of axes with a legend above them, where it covers no data.
type Panel struct {
	Title  string
	x, y   string // the axes' names
	plot   *gonum.Plot
	legend []entry
}

// Formats are the file extensions that Save knows.
func Formats() []string { return []string{"svg", "png", "pdf"} }

// Save writes the figure in the format of the path's extension.
func (f Figure) Save(path string) error {
	var b bytes.Buffer
	if err := f.Write(&b, strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")); err != nil {
		return fmt.Errorf("figure %s: %w", path, err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

// Write writes the figure in one of the Formats.
func (f Figure) Write(w io.Writer, format string) error {
	width, height := f.size()
	var file io.WriterTo
	var canvas vg.Canvas
	switch format {
	case "svg":
		c := vgsvg.New(width, height)
		file, canvas = c, c
	case "png":
		c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dotsPerInch))}
		file, canvas = c, c
	case "pdf":
		c := vgpdf.New(width, height)
		file, canvas = c, outliner{c}
	default:
		return fmt.Errorf("unknown format %q: end the name in .%s", format, strings.Join(Formats(), ", ."))
	}
	f.draw(draw.NewCanvas(canvas, width, height))
	var b bytes.Buffer
	if _, err := file.WriteTo(&b); err != nil {
		return err
	}
	_, err := w.Write(reproducible(b.Bytes(), format))
	return err
}

var pdfDates = regexp.MustCompile(`/(CreationDate|ModDate) \(D:\d{14}`)

// svgText is a text of an SVG; its weight, size and characters say how long it is in Liberation Sans.
var svgText = regexp.MustCompile(`<text ([^>]*font-weight:(bold|normal)[^>]*font-size:([0-9.]+)px[^>]*)>([^<]*)</text>`)

// reproducible gives an SVG's text a fallback where Liberation Sans is not installed (Arial has its metrics), and the length that it
// was laid out with, whatever the font; and a PDF a fixed date of the same length.
func reproducible(b []byte, format string) []byte {
	switch format {
	case "svg":
		b = bytes.ReplaceAll(b, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
		return svgText.ReplaceAllFunc(b, func(element []byte) []byte {
			part := svgText.FindSubmatch(element)
			size, _ := strconv.ParseFloat(string(part[3]), 64)
			length := style(size, string(part[2]) == "bold").Width(html.UnescapeString(string(part[4])))
			return fmt.Appendf(nil, `<text textLength="%.5g" lengthAdjust="spacingAndGlyphs" %s>%s</text>`, length, part[1], part[4])
		})
	case "pdf":
		return pdfDates.ReplaceAll(b, []byte("/$1 (D:20000101000000"))
	}
	return b
}

func (f Figure) columns() int {
	if len(f.Panels) == 4 {
		return 2
	}
	return min(max(len(f.Panels), 1), 3)
}

func (f Figure) rows() int { return max(1, (len(f.Panels)+f.columns()-1)/f.columns()) }

func (f Figure) size() (width, height vg.Length) {
	columns, rows := vg.Length(f.columns()), vg.Length(f.rows())
	return columns*panelWidth + (columns-1)*gap + 2*margin, rows*panelHeight + (rows-1)*gap + 2*margin + titleSize*2
}

func (f Figure) draw(c draw.Canvas) {
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)
	c.FillText(style(titleSize, true), vg.Point{X: c.Min.X, Y: c.Max.Y}, f.Title)
	c.Max.Y -= titleSize * 2
	if len(f.Panels) == 0 {
		c.FillText(style(labelSize, false), vg.Point{X: c.Min.X, Y: c.Max.Y}, "There are no results to draw yet.")
	}
	for i, p := range f.Panels {
		column, row := vg.Length(i%f.columns()), vg.Length(i/f.columns())
		tile := c
		tile.Min.X = c.Min.X + column*(panelWidth+gap)
		tile.Max.X = tile.Min.X + panelWidth
		tile.Max.Y = c.Max.Y - row*(panelHeight+gap)
		tile.Min.Y = tile.Max.Y - panelHeight
		p.draw(tile, f.legendHeight(i/f.columns()))
	}
}

// legendHeight is that of a row's tallest legend: so axes stand at one height.
func (f Figure) legendHeight(row int) (height vg.Length) {
	for i, p := range f.Panels {
		if i/f.columns() == row {
			height = max(height, layOut(p.legend, panelWidth).height)
		}
	}
	return height
}

func (p Panel) draw(c draw.Canvas, legendHeight vg.Length) {
	title := style(panelSize, true)
	c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, p.Title)
	c.Max.Y -= title.Height(p.Title) + 6
	layOut(p.legend, panelWidth).draw(c)
	c.Max.Y -= legendHeight + 4
	name := style(labelSize, false)
	axes := draw.Crop(c, labelSize+5, 0, labelSize+2, 0)
	middle := axes.Center()
	name.XAlign, name.YAlign = draw.XCenter, draw.YBottom
	c.FillText(name, vg.Point{X: middle.X, Y: c.Min.Y}, p.x)
	name.Rotation, name.YAlign = math.Pi/2, draw.YTop
	c.FillText(name, vg.Point{X: c.Min.X, Y: middle.Y}, p.y)
	p.plot.Draw(axes)
}
