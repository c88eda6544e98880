package plot

import (
	"fmt"
	"math"
	"strings"

	gonum "gonum.org/v1/plot"
)

// axes of a plot in characters; xMap and yMap make a position of a value.
type axes struct {
	title, x, y    string
	xLow, xHigh    float64
	yLow, yHigh    float64
	xTicks, yTicks []gonum.Tick
	xMap, yMap     func(float64) float64
}

// A canvas is a data area in characters. Lines in colour are drawn in braille, two by four dots a character.
type canvas struct {
	axes
	width, height int
	color         bool
	cells         []canvasCell
	names         []string
}

type canvasCell struct {
	glyph  rune
	dots   uint8 // of braille
	series int   // -1: none
}

const yLabels = 8 // characters left of the data area

func (t Terminal) canvas(a axes) *canvas {
	width, height := t.size()
	c := &canvas{axes: a, width: width - yLabels - 2, height: height, color: t.Color}
	c.cells = make([]canvasCell, c.width*c.height)
	for i := range c.cells {
		c.cells[i].series = -1
	}
	return c
}

// across and down are positions in [0, 1].
func (c *canvas) across(x float64) float64 {
	return (c.xMap(x) - c.xMap(c.xLow)) / (c.xMap(c.xHigh) - c.xMap(c.xLow))
}

func (c *canvas) down(y float64) float64 {
	return (c.yMap(c.yHigh) - c.yMap(y)) / (c.yMap(c.yHigh) - c.yMap(c.yLow))
}

// place is the nearest of k places to a position, false outside.
func place(position float64, k int) (int, bool) {
	i := int(math.Round(position * float64(k-1)))
	return i, !math.IsNaN(position) && i >= 0 && i < k
}

// line draws a straight piece of a series.
func (c *canvas) line(x0, y0, x1, y1 float64, series int) {
	if c.color {
		c.walk(x0, y0, x1, y1, 2, 4, func(i, j int) {
			cell := &c.cells[(j/4)*c.width+i/2]
			cell.dots |= [...]uint8{0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80}[i%2*4+j%4]
			cell.series = series
		})
		return
	}
	c.walk(x0, y0, x1, y1, 1, 1, func(i, j int) { c.cells[j*c.width+i] = canvasCell{glyph: letter(series), series: series} })
}

// dotted draws the law's line where nothing else is.
func (c *canvas) dotted(x0, y0, x1, y1 float64) {
	c.walk(x0, y0, x1, y1, 1, 1, func(i, j int) {
		if cell := &c.cells[j*c.width+i]; cell.glyph == 0 {
			cell.glyph = '·'
		}
	})
}

// walk visits the places between two points, each character split into sx by sy.
func (c *canvas) walk(x0, y0, x1, y1 float64, sx, sy int, visit func(i, j int)) {
	a0, d0, a1, d1 := c.across(x0), c.down(y0), c.across(x1), c.down(y1)
	w, h := c.width*sx, c.height*sy
	steps := int(math.Ceil(max(math.Abs(a1-a0)*float64(w), math.Abs(d1-d0)*float64(h)))) + 1
	for s := 0; s <= min(steps, 8*(w+h)); s++ {
		share := float64(s) / float64(steps)
		i, inX := place(a0+share*(a1-a0), w)
		j, inY := place(d0+share*(d1-d0), h)
		if inX && inY {
			visit(i, j)
		}
	}
}

func (c *canvas) bar(x, low, high float64) {
	c.walk(x, low, x, high, 1, 1, func(i, j int) { c.cells[j*c.width+i].glyph = '│' })
}

func (c *canvas) mark(x, y float64, glyph rune) {
	c.walk(x, y, x, y, 1, 1, func(i, j int) { c.cells[j*c.width+i].glyph = glyph })
}

// point is a mark in its series' colour.
func (c *canvas) point(x, y float64, glyph rune, series int) {
	c.walk(x, y, x, y, 1, 1, func(i, j int) { c.cells[j*c.width+i] = canvasCell{glyph: glyph, series: series} })
}

func letter(series int) rune { return rune('a' + series%26) }

// name adds a series to the legend.
func (c *canvas) name(series int, text string) {
	key := string(letter(series))
	if c.color {
		key = colored("━━", lineColors[series%len(lineColors)])
	}
	c.names = append(c.names, key+" "+text)
}

// String is the whole plot: title, data area with ticks, legend.
func (c *canvas) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%*s\n", c.title, yLabels, c.y)
	labels := make([]string, c.height)
	for _, t := range c.yTicks {
		if j, inside := place(c.down(t.Value), c.height); inside && t.Label != "" {
			labels[j] = t.Label
		}
	}
	for j := range c.height {
		edge := "│"
		if labels[j] != "" {
			edge = "┤"
		}
		line := ""
		for i := range c.width {
			line += c.glyph(c.cells[j*c.width+i])
		}
		fmt.Fprintf(&b, "%*s%s%s\n", yLabels, labels[j], edge, strings.TrimRight(line, " "))
	}
	b.WriteString(c.xAxis())
	if len(c.names) > 0 {
		b.WriteString(strings.Repeat(" ", yLabels) + strings.Join(c.names, "  ") + "\n")
	}
	return b.String()
}

func (c *canvas) glyph(cell canvasCell) string {
	glyph := cell.glyph
	if cell.dots != 0 {
		glyph = 0x2800 + rune(cell.dots)
	}
	switch {
	case glyph == 0:
		return " "
	case c.color && cell.series >= 0:
		return colored(string(glyph), lineColors[cell.series%len(lineColors)])
	}
	return string(glyph)
}

// xAxis is the lower edge, the tick labels where they do not run into each other, and the axis' name at the right.
func (c *canvas) xAxis() string {
	edge, labels := []rune(strings.Repeat("─", c.width)), []rune(strings.Repeat(" ", c.width+yLabels))
	free := 0
	for _, t := range c.xTicks {
		i, inside := place(c.across(t.Value), c.width)
		if !inside || t.Label == "" {
			continue
		}
		edge[i] = '┴'
		text := []rune(t.Label)
		if from := max(i-len(text)/2, 0); from >= free && from+len(text) <= c.width-len(c.x)-1 {
			copy(labels[from:], text)
			free = from + len(text) + 1
		}
	}
	copy(labels[c.width-len([]rune(c.x)):], []rune(c.x))
	indent := strings.Repeat(" ", yLabels)
	return indent + "└" + string(edge) + "\n" + indent + " " + strings.TrimRight(string(labels), " ") + "\n"
}
