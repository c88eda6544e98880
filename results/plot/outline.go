package plot

import (
	"image/color"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	gonumfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// An outliner mends what gonum's PDF canvas cannot do. It draws text as filled outlines: that canvas knows neither bold text
// nor characters outside Windows' code page 1252, such as λ and the minus sign. And it hands on translucent colours such
// that they are not darkened twice.
type outliner struct{ vg.Canvas }

// SetColor implements vg.Canvas.
func (o outliner) SetColor(c color.Color) { o.Canvas.SetColor(straight{c}) }

// A straight colour answers with its colour as it is, beside its opacity, not multiplied by it.
type straight struct{ color.Color }

// RGBA implements color.Color, but for the multiplication.
func (s straight) RGBA() (r, g, b, a uint32) {
	c := color.NRGBAModel.Convert(s.Color).(color.NRGBA)
	return uint32(c.R) * 0x101, uint32(c.G) * 0x101, uint32(c.B) * 0x101, uint32(c.A) * 0x101
}

// FillString implements vg.Canvas.
func (o outliner) FillString(face gonumfont.Face, at vg.Point, text string) {
	em := fixed.Int26_6(face.Face.UnitsPerEm())
	unit := face.Font.Size / vg.Length(em)
	var buffer sfnt.Buffer
	var path vg.Path
	for _, r := range text {
		glyph, err := face.Face.GlyphIndex(&buffer, r)
		if err != nil {
			continue
		}
		segments, err := face.Face.LoadGlyph(&buffer, glyph, em, nil)
		if err != nil {
			continue // a glyph without outlines
		}
		for _, s := range segments {
			addSegment(&path, s, at, unit)
		}
		if advance, err := face.Face.GlyphAdvance(&buffer, glyph, em, font.HintingNone); err == nil {
			at.X += vg.Length(advance) * unit
		}
	}
	if len(path) > 0 {
		o.Fill(path)
	}
}

// addSegment adds a piece of a glyph; a font's y goes down, a canvas' up.
func addSegment(path *vg.Path, s sfnt.Segment, at vg.Point, unit vg.Length) {
	point := func(i int) vg.Point {
		return vg.Point{X: at.X + vg.Length(s.Args[i].X)*unit, Y: at.Y - vg.Length(s.Args[i].Y)*unit}
	}
	switch s.Op {
	case sfnt.SegmentOpMoveTo:
		path.Move(point(0))
	case sfnt.SegmentOpLineTo:
		path.Line(point(0))
	case sfnt.SegmentOpQuadTo:
		path.QuadTo(point(0), point(1))
	case sfnt.SegmentOpCubeTo:
		path.CubeTo(point(0), point(1), point(2))
	}
}
