package aggregate

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"

	"weir/internal/series"
	"weir/internal/table"
)

const (
	// heldPairs is how many different pairs of interval and flow are held in memory before they go to disk, sorted, as a run: 40 MB.
	heldPairs = 1 << 18
	// maxRuns bounds the runs, each of which takes runBuffer bytes while they are merged.
	maxRuns   = 1 << 13
	runBuffer = 8 << 10
	// maxTexts bounds the texts of addresses that are remembered with their bytes.
	maxTexts = 1 << 15
)

// pair says that a flow has a packet in an interval. Its bytes sort by interval, then flow: the interval's number (8 bytes, big endian, the sign
// bit flipped), the lower endpoint, the higher one (family, 16 bytes of address, 2 of port), protocol, and 1 where there are ports.
type pair [8 + 2*endpointLen + 2]byte

const endpointLen = 19

func (p *pair) interval() int64 { return int64(binary.BigEndian.Uint64(p[:]) ^ 1<<63) }

// flows counts the flows of each interval: its different bidirectional five-tuples (both endpoints, whichever sent, and the protocol). A packet without
// ports, such as ICMP or a later fragment, belongs to the flow of its two hosts and its protocol.
//
// The count is exact whatever the order of the packets, since packets are placed by time and any interval may get another one. Memory is bounded:
// when heldPairs are reached they are written to a file, sorted, and the runs are merged at the end.
type flows struct {
	held    map[pair]struct{}
	limit   int // of held
	scratch string
	file    *os.File // all runs, one behind the other
	written int64    // bytes
	runs    []int64  // where each begins
	texts   map[string]address
	why     string // why flows cannot be counted; "" when they can
}

// address is an endpoint without its port: 4 or 6, then 16 bytes.
type address [endpointLen - 2]byte

func newFlows(scratch string) *flows {
	return &flows{held: map[pair]struct{}{}, limit: heldPairs, scratch: scratch, texts: map[string]address{}}
}

// columns of a packets table that flows are counted from, in the order in which add wants them.
var flowColumns = []string{"src_ip", "dst_ip", "protocol", "src_port", "dst_port"}

// add counts row i of the flowColumns in interval k. A row that is no packet's five-tuple ends the counting (see why); the error is that of the disk.
func (f *flows) add(k int64, c []table.Column, i int) error {
	if f.why != "" {
		return nil
	}
	var p pair
	if f.why = f.fill(&p, c, i); f.why != "" {
		return nil
	}
	binary.BigEndian.PutUint64(p[:], uint64(k)^1<<63)
	f.held[p] = struct{}{}
	if len(f.held) >= f.limit {
		return f.spill()
	}
	return nil
}

// fill writes the flow of a row into p; why says what is wrong with the row.
func (f *flows) fill(p *pair, c []table.Column, i int) (why string) {
	const a, b, tail = 8, 8 + endpointLen, 8 + 2*endpointLen
	src, dst, protocol, from, to := &c[0], &c[1], &c[2], &c[3], &c[4]
	if src.IsNull(i) || dst.IsNull(i) || protocol.IsNull(i) {
		return "a packet without an address or a protocol"
	}
	if !f.address(src.Texts[i], p[a:]) {
		return fmt.Sprintf("%.60q is no IP address", src.Texts[i])
	}
	if !f.address(dst.Texts[i], p[b:]) {
		return fmt.Sprintf("%.60q is no IP address", dst.Texts[i])
	}
	if v := protocol.Ints[i]; v < 0 || v > 255 {
		return fmt.Sprintf("protocol %d", v)
	}
	p[tail] = byte(protocol.Ints[i])
	if !from.IsNull(i) && !to.IsNull(i) {
		x, y := from.Ints[i], to.Ints[i]
		if x < 0 || y < 0 || x > 1<<16-1 || y > 1<<16-1 {
			return fmt.Sprintf("ports %d and %d", x, y)
		}
		binary.BigEndian.PutUint16(p[b-2:], uint16(x))
		binary.BigEndian.PutUint16(p[tail-2:], uint16(y))
		p[tail+1] = 1
	}
	if bytes.Compare(p[a:b], p[b:tail]) > 0 {
		var lower [endpointLen]byte
		copy(lower[:], p[b:tail])
		copy(p[b:tail], p[a:b])
		copy(p[a:b], lower[:])
	}
	return ""
}

// address writes the address of that text to dst, and says whether it is one; one with a zone is none.
func (f *flows) address(text string, dst []byte) bool {
	a, known := f.texts[text]
	if !known {
		ip, err := netip.ParseAddr(text)
		if err != nil || ip.Zone() != "" {
			return false
		}
		if a[0] = 6; ip.Is4() {
			a[0] = 4
		}
		all := ip.As16()
		copy(a[1:], all[:])
		if len(f.texts) == maxTexts {
			clear(f.texts)
		}
		f.texts[text] = a
	}
	copy(dst, a[:])
	return true
}

// sorted empties held into a slice in order.
func (f *flows) sorted() []pair {
	out := make([]pair, 0, len(f.held))
	for p := range f.held {
		out = append(out, p)
	}
	clear(f.held)
	slices.SortFunc(out, func(a, b pair) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// spill writes what is held as one more run.
func (f *flows) spill() error {
	if f.file == nil {
		file, err := os.CreateTemp(f.scratch, "flows")
		if err != nil {
			return err
		}
		f.file = file
	}
	if len(f.runs) == maxRuns {
		return fmt.Errorf("more than %s million flows, counted once for each interval: split the capture", series.Count(maxRuns*heldPairs/1_000_000, ""))
	}
	f.runs = append(f.runs, f.written)
	w := bufio.NewWriter(f.file)
	for _, p := range f.sorted() {
		n, err := w.Write(p[:])
		f.written += int64(n)
		if err != nil {
			return err
		}
	}
	return w.Flush()
}

// close removes the runs.
func (f *flows) close() error {
	if f.file == nil {
		return nil
	}
	return errors.Join(f.file.Close(), os.Remove(f.file.Name()))
}

// count calls each once for every interval that has flows, in order of time, and forgets them.
func (f *flows) count(each func(interval, flows int64)) error {
	var last pair
	var n int64
	err := f.merge(func(p *pair) {
		switch {
		case n > 0 && *p == last:
			return
		case n > 0 && p.interval() != last.interval():
			each(last.interval(), n)
			n = 0
		}
		last = *p
		n++
	})
	if n > 0 && err == nil {
		each(last.interval(), n)
	}
	return err
}

// merge calls each for the pairs of all runs in order; one that is in several runs comes several times.
func (f *flows) merge(each func(*pair)) error {
	if len(f.runs) == 0 {
		for _, p := range f.sorted() {
			each(&p)
		}
		return nil
	}
	if len(f.held) > 0 {
		if err := f.spill(); err != nil {
			return err
		}
	}
	heads := make([]head, 0, len(f.runs))
	for i, from := range f.runs {
		to := f.written
		if i+1 < len(f.runs) {
			to = f.runs[i+1]
		}
		h := head{rest: bufio.NewReaderSize(io.NewSectionReader(f.file, from, to-from), runBuffer)}
		if _, err := io.ReadFull(h.rest, h.pair[:]); err != nil {
			return err
		}
		heads = append(heads, h)
	}
	slices.SortFunc(heads, compareHeads)
	for len(heads) > 0 {
		h := heads[0]
		each(&h.pair)
		_, err := io.ReadFull(h.rest, h.pair[:])
		if err == io.EOF {
			heads = heads[1:]
			continue
		}
		if err != nil {
			return err
		}
		at, _ := slices.BinarySearchFunc(heads[1:], h, compareHeads) // mostly 0: runs follow each other in time
		copy(heads, heads[1:at+1])
		heads[at] = h
	}
	return nil
}

// head is the next pair of a run, and what follows it.
type head struct {
	pair pair
	rest *bufio.Reader
}

func compareHeads(a, b head) int { return bytes.Compare(a.pair[:], b.pair[:]) }
