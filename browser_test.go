//go:build unix

package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser opens a page and collects what it should not do: complain, or ask the network for anything.
func browser(t *testing.T, file string) context.Context {
	t.Helper()
	found := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			found = path
			break
		}
	}
	if found == "" {
		t.Skip("no chromium in PATH")
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(found), chromedp.Flag("no-sandbox", true), chromedp.Flag("disable-gpu", true))...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var complaints []string
	err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file://"+file) {
				complaints = append(complaints, "request of "+e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, fmt.Sprintf("console: %s", e.Type))
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Error(c)
		}
	})
	call(t, ctx, network.Enable, network.EnableParams{})
	call(t, ctx, log.Enable, cdp.Empty{})
	call(t, ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file), chromedp.WaitVisible(chromedp.CSS("h1"))); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// call sends one command of the browser's protocol.
func call[P, R any](t *testing.T, ctx context.Context, command cdp.Command[P, R], params P) R {
	t.Helper()
	result, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// ask evaluates an expression on the page.
func ask[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return answer
}

// TestPage opens the report of a small study in a browser: on a phone, in the dark, on paper, by mouse and by keyboard.
func TestPage(t *testing.T) {
	dir := project(t)
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("no chromium in PATH")
	}
	mustRun(t, dir, small("en")...)
	ctx := browser(t, filepath.Join(dir, "results", "demo", "report.html"))
	t.Run("phone", func(t *testing.T) {
		for _, width := range []int64{360, 768, 1280} {
			call(t, ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 740, DeviceScaleFactor: 1, Mobile: width < 500})
			if w := ask[int64](t, ctx, "document.documentElement.scrollWidth"); w > width {
				t.Errorf("the page is %d wide on a screen of %d", w, width)
			}
		}
	})
	t.Run("sorting", func(t *testing.T) {
		column := func() []float64 {
			return ask[[]float64](t, ctx, `[...document.querySelector("#table-demo-models").querySelectorAll("tbody tr")].map(r => parseFloat(r.cells[1].querySelector("data").value))`)
		}
		click := `document.querySelectorAll("#table-demo-models thead th")[1].querySelector("button").click()`
		for _, direction := range []float64{1, -1} {
			ask[struct{}](t, ctx, click)
			values := column()
			for i := 1; i < len(values); i++ {
				if direction*(values[i]-values[i-1]) < 0 {
					t.Fatalf("not sorted after a click: %v", values)
				}
			}
			if len(values) < 5 {
				t.Fatalf("%d models in the table", len(values))
			}
		}
	})
	t.Run("provenance", func(t *testing.T) {
		for _, how := range []string{"focus", "click"} {
			ask[struct{}](t, ctx, fmt.Sprintf(`document.activeElement.blur(); document.body.click(); document.querySelector(".findings data").%s()`, how))
			text := ask[string](t, ctx, `document.getElementById("origin").hidden ? "" : document.getElementById("origin").innerText`)
			if !strings.Contains(text, `evaluate.forecast["demo"].metrics`) || !strings.Contains(text, "sha256:") {
				t.Errorf("on %s a number says %q", how, text)
			}
		}
		if err := chromedp.Do(ctx, chromedp.KeyEvent("\x1b")); err != nil {
			t.Fatal(err)
		}
		if !ask[bool](t, ctx, `document.getElementById("origin").hidden`) {
			t.Error("Escape does not close it")
		}
	})
	t.Run("contrast", func(t *testing.T) {
		for _, scheme := range []string{"light", "dark"} {
			call(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			for _, poor := range ask[[]string](t, ctx, contrast) {
				t.Errorf("%s: %s", scheme, poor)
			}
		}
		if dark := ask[string](t, ctx, `getComputedStyle(document.documentElement).backgroundColor`); dark != "rgb(22, 23, 25)" {
			t.Errorf("the background is %s in the dark", dark)
		}
	})
	t.Run("paper", func(t *testing.T) {
		call(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
		call(t, ctx, emulation.ClearDeviceMetricsOverride, cdp.Empty{})
		paper := call(t, ctx, page.PrintToPDF, page.PrintToPDFParams{}).Data
		if !strings.HasPrefix(string(paper), "%PDF-") || len(paper) < 20_000 {
			t.Errorf("%d bytes printed", len(paper))
		}
	})
}

// contrast lists the texts, in the page and in its figures, whose colour is too near to the background's: a ratio under 4.5 as WCAG 2 counts it.
const contrast = `(() => {
  const rgb = text => (text.match(/[\d.]+/g) || []).map(Number);
  const luminance = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = el => { for (; el; el = el.parentElement) { const c = rgb(getComputedStyle(el).backgroundColor); if (c.length && c[3] !== 0) return c; } return [255, 255, 255]; };
  const poor = new Set();
  for (const el of document.querySelectorAll("h1, h2, h3, p, li, th, td, td data, th button, small, figcaption, b, a, code, svg text")) {
    const style = getComputedStyle(el), ink = luminance(rgb(el.ownerSVGElement ? style.fill : style.color)), paper = luminance(behind(el));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (el.textContent.trim() && ratio < 4.5) poor.add(el.tagName + " " + el.textContent.trim().slice(0, 30) + ": " + ratio.toFixed(2));
  }
  return [...poor];
})()`
