package decode

import (
	"io"
	"math"
	"net/netip"

	"weir/internal/capture"
	"weir/internal/packet"
	"weir/internal/table"
)

// batch is how many rows are handed to the table at once, and after how many packets progress is told.
const batch = 1 << 15

// maxPackets is the largest packet number that the table can hold.
const maxPackets = math.MaxUint32

// Places of the columns in the table.
const (
	colPacket = iota
	colTime
	colSrc
	colDst
	colProtocol
	colWire
	colCaptured
	colSrcPort
	colDstPort
	colFlags
	colType
	colFamily
)

func schema() []table.Column {
	return []table.Column{
		colPacket:   {Name: "packet", Type: table.Uint32},
		colTime:     {Name: "timestamp", Type: table.Timestamp, Nullable: true},
		colSrc:      {Name: "src_ip", Type: table.Text},
		colDst:      {Name: "dst_ip", Type: table.Text},
		colProtocol: {Name: "protocol", Type: table.Uint8},
		colWire:     {Name: "wire_length", Unit: "B", Type: table.Uint32},
		colCaptured: {Name: "captured_length", Unit: "B", Type: table.Uint32},
		colSrcPort:  {Name: "src_port", Type: table.Uint16, Nullable: true},
		colDstPort:  {Name: "dst_port", Type: table.Uint16, Nullable: true},
		colFlags:    {Name: "tcp_flags", Type: table.Uint8, Nullable: true},
		colType:     {Name: "type", Type: table.Text},
		colFamily:   {Name: "family", Type: table.Text},
	}
}

// rows gathers the rows of packets.parquet, a batch at a time. It allocates nothing for a packet whose addresses are in the cache.
type rows struct {
	writer    *table.Writer
	batch     table.Table
	addresses addresses
}

func newRows(w io.Writer) *rows {
	r := &rows{writer: table.NewWriter(w, schema(), nil), batch: table.Table{Columns: schema()}}
	for i := range r.batch.Columns {
		c := &r.batch.Columns[i]
		if c.Type == table.Text {
			c.Texts = make([]string, 0, batch)
		} else {
			c.Ints = make([]int64, 0, batch)
		}
		if c.Nullable {
			c.Null = make([]bool, 0, batch)
		}
	}
	return r
}

// add appends a packet's row; its error is that of writing a full batch.
func (r *rows) add(number uint32, p *capture.Packet, h *packet.Header) error {
	c := r.batch.Columns
	push := func(i int, v int64) { c[i].Ints = append(c[i].Ints, v) }
	pushText := func(i int, v string) { c[i].Texts = append(c[i].Texts, v) }
	push(colPacket, int64(number))
	push(colTime, p.Time)
	push(colProtocol, int64(h.Protocol))
	push(colWire, int64(p.Wire))
	push(colCaptured, int64(p.Captured))
	push(colSrcPort, int64(h.SrcPort))
	push(colDstPort, int64(h.DstPort))
	push(colFlags, int64(h.TCPFlags))
	pushText(colSrc, r.addresses.text(h.Src))
	pushText(colDst, r.addresses.text(h.Dst))
	pushText(colType, typeOf(h.Protocol))
	pushText(colFamily, familyOf(h.Family))
	c[colTime].Null = append(c[colTime].Null, !p.HasTime)
	c[colSrcPort].Null = append(c[colSrcPort].Null, !h.HasPorts)
	c[colDstPort].Null = append(c[colDstPort].Null, !h.HasPorts)
	c[colFlags].Null = append(c[colFlags].Null, !h.HasFlags)
	if len(c[colPacket].Ints) == batch {
		return r.flush()
	}
	return nil
}

func (r *rows) flush() error {
	err := r.writer.Append(&r.batch)
	for i := range r.batch.Columns {
		c := &r.batch.Columns[i]
		c.Ints, c.Texts, c.Null = c.Ints[:0], c.Texts[:0], c.Null[:0]
	}
	return err
}

func (r *rows) close() error {
	if len(r.batch.Columns[colPacket].Ints) > 0 {
		if err := r.flush(); err != nil {
			return err
		}
	}
	return r.writer.Close()
}

// Values of the column type.
const (
	typeTCP   = "TCP"
	typeUDP   = "UDP"
	typeOther = "Other"
)

func typeOf(protocol uint8) string {
	switch protocol {
	case packet.TCP:
		return typeTCP
	case packet.UDP:
		return typeUDP
	}
	return typeOther
}

func familyOf(family uint8) string {
	if family == packet.IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// addresses remembers the text of addresses. Each address has one place, which the last one that fell there keeps: memory is bounded
// (1 MiB and the texts) whatever a capture contains.
type addresses struct {
	places []place
}

type place struct {
	key  [16]byte
	size uint8 // 4 or 16; 0: empty
	text string
}

const placeBits = 14

// text returns an address of 4 or 16 bytes as RFC 5952 writes it.
func (a *addresses) text(b []byte) string {
	if a.places == nil {
		a.places = make([]place, 1<<placeBits)
	}
	var key [16]byte
	copy(key[:], b)
	p := &a.places[hash(&key)]
	if int(p.size) == len(b) && p.key == key {
		return p.text
	}
	address, _ := netip.AddrFromSlice(b)
	p.key, p.size, p.text = key, uint8(len(b)), address.String()
	return p.text
}

// hash spreads addresses over the places (Fibonacci hashing of the two halves).
func hash(key *[16]byte) uint64 {
	const golden = 0x9e3779b97f4a7c15
	var hi, lo uint64
	for i := range 8 {
		hi, lo = hi<<8|uint64(key[i]), lo<<8|uint64(key[8+i])
	}
	return ((hi*golden ^ lo) * golden) >> (64 - placeBits)
}
