package plot

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// An entry of a legend: a piece of line, a glyph, both or neither, and its text.
type entry struct {
	text  string
	line  draw.LineStyle   // none where its width is 0
	glyph draw.GlyphDrawer // nil: none
	color color.Color      // of the glyph
}

// swatch is the room for what stands before the text.
func (e entry) swatch() vg.Length {
	if e.line.Width == 0 && e.glyph == nil {
		return 0
	}
	return swatch + 4
}

const (
	swatch       = 18 // points that an entry's line takes
	entryGap     = 12
	legendHeight = legendSize + 5
)

// A legendLayout is entries flowing left to right, in as many lines as they need.
type legendLayout struct {
	entries []entry
	at      []vg.Point // of each entry's left end, from the top left corner
	height  vg.Length
}

func layOut(entries []entry, width vg.Length) legendLayout {
	l, text := legendLayout{entries: entries}, style(legendSize, false)
	x, y := vg.Length(0), vg.Length(0)
	for _, e := range entries {
		size := e.swatch() + text.Width(e.text)
		if x > 0 && x+size > width {
			x, y = 0, y-legendHeight
		}
		l.at = append(l.at, vg.Point{X: x, Y: y})
		x += size + entryGap
	}
	if len(entries) > 0 {
		l.height = legendHeight - y
	}
	return l
}

// draw draws from c's top left corner down.
func (l legendLayout) draw(c draw.Canvas) {
	text := style(legendSize, false)
	text.YAlign = draw.YCenter
	for i, e := range l.entries {
		x, y := c.Min.X+l.at[i].X, c.Max.Y+l.at[i].Y-legendHeight/2
		if e.line.Width > 0 {
			c.StrokeLine2(e.line, x, y, x+swatch, y)
		}
		if e.glyph != nil {
			c.DrawGlyph(draw.GlyphStyle{Color: e.color, Radius: 3.5, Shape: e.glyph}, vg.Point{X: x + swatch/2, Y: y})
		}
		c.FillText(text, vg.Point{X: x + e.swatch(), Y: y}, e.text)
	}
}
