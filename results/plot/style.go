package plot

import (
	"image/color"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes, in points at full size: at half size the smallest text is still 6 points.
const (
	titleSize  = 15
	panelSize  = 13
	labelSize  = 13
	tickSize   = 12
	legendSize = 12

	panelWidth  = 4.6 * vg.Inch
	panelHeight = 4.2 * vg.Inch
	gap         = 14 // between panels
	margin      = 10
	dotsPerInch = 150 // of a PNG
)

var (
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xff}
	faint = color.RGBA{0xe4, 0xe4, 0xe4, 0xff} // grid
	paper = color.White
	aside = color.RGBA{0x80, 0x80, 0x80, 0xff} // levels, reference slopes
)

// okabeIto is a palette that the colour-blind can tell apart (Okabe & Ito 2008), without its yellow, which white paper eats.
var okabeIto = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0x56, 0xb4, 0xe9, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x22, 0x22, 0x22, 0xff},
}

// viridis (van der Walt & Smith 2015), at seven places from dark to where it is still dark enough on white.
var viridis = []color.RGBA{
	{0x44, 0x01, 0x54, 0xff}, {0x46, 0x32, 0x7e, 0xff}, {0x36, 0x5c, 0x8d, 0xff}, {0x27, 0x7f, 0x8e, 0xff},
	{0x1f, 0xa1, 0x87, 0xff}, {0x4a, 0xc1, 0x6d, 0xff}, {0x9f, 0xc0, 0x2a, 0xff},
}

// ordered are colours for a quantity that grows: widths.
func ordered(i, of int) color.RGBA {
	if of < 2 {
		return viridis[0]
	}
	at := float64(i) / float64(of-1) * float64(len(viridis)-1)
	low := min(int(at), len(viridis)-2)
	share := at - float64(low)
	mix := func(a, b uint8) uint8 { return uint8(float64(a)*(1-share) + float64(b)*share + 0.5) }
	a, b := viridis[low], viridis[low+1]
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// distinct are colours for a few things side by side; ordered where they are more.
func distinct(i, of int) color.RGBA {
	if of > len(okabeIto) {
		return ordered(i, of)
	}
	return okabeIto[i]
}

// translucent is c for a band.
func translucent(c color.RGBA) color.NRGBA { return color.NRGBA{c.R, c.G, c.B, 0x28} }

// glyphs tell series apart without colour.
var glyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, diamond{}, draw.RingGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{}}

func glyph(i int) draw.GlyphDrawer { return glyphs[i%len(glyphs)] }

// A diamond, and the open arrowheads for needed widths beyond the swept ones.
type diamond struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (diamond) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, p vg.Point) {
	r := sty.Radius * 1.25
	c.SetColor(sty.Color)
	c.Fill(closed(vg.Point{X: p.X - r, Y: p.Y}, vg.Point{X: p.X, Y: p.Y + r}, vg.Point{X: p.X + r, Y: p.Y}, vg.Point{X: p.X, Y: p.Y - r}))
}

// An arrow points where the needed width is: up 1 or down -1.
type arrow struct{ up vg.Length }

// DrawGlyph implements draw.GlyphDrawer.
func (a arrow) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, p vg.Point) {
	r := sty.Radius * 1.2
	c.SetColor(sty.Color)
	c.Fill(closed(vg.Point{X: p.X - r, Y: p.Y}, vg.Point{X: p.X + r, Y: p.Y}, vg.Point{X: p.X, Y: p.Y + 1.8*r*a.up}))
}

func closed(points ...vg.Point) vg.Path {
	var path vg.Path
	path.Move(points[0])
	for _, p := range points[1:] {
		path.Line(p)
	}
	path.Close()
	return path
}

// style is text of one size, in Liberation Sans.
func style(size float64, bold bool) text.Style {
	f := font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, font.Length(size))
	if bold {
		f.Weight = stdfont.WeightBold
	}
	return text.Style{Color: ink, Font: f, YAlign: draw.YTop, Handler: text.Plain{Fonts: font.DefaultCache}}
}

func stroke(c color.Color, width vg.Length, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}
