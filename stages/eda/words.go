package eda

import "fmt"

// words is the text of the figures in one language.
type words struct {
	time, observed, trend, seasonal, residual string
	acf, pacf, lags                           string // lags takes the interval
	frequency, power                          string
	packets                                   string
	traffic, capturedTraffic                  string
	packetRate, other                         string
	wireLength, capturedLength, bins          string // bins takes the width
	// what a figure shows, for those who cannot see it
	series, decomposition, correlation, periodogram, sizes string
}

var english = words{
	time: "time (UTC)", observed: "observed", trend: "trend", seasonal: "seasonal", residual: "residual",
	acf: "autocorrelation", pacf: "partial autocorrelation", lags: "lag (intervals of %s)", frequency: "frequency", power: "power density",
	packets: "packets", traffic: "traffic", capturedTraffic: "captured traffic", packetRate: "packets", other: "other",
	wireLength: "packet length on the wire (B%s)", capturedLength: "captured packet length (B%s)", bins: ", bins of %d",
	series:        "The series over time.",
	decomposition: "The series, its trend, its seasonal part and what is left, over time.",
	correlation:   "Autocorrelation and partial autocorrelation by lag, with the 95 % band around zero.",
	periodogram:   "Power spectral density by frequency, both axes logarithmic.",
	sizes:         "Packets by length for TCP, UDP and other protocols, counts on a logarithmic axis.",
}

var portuguese = words{
	time: "tempo (UTC)", observed: "observado", trend: "tendência", seasonal: "sazonal", residual: "resíduo",
	acf: "autocorrelação", pacf: "autocorrelação parcial", lags: "defasagem (intervalos de %s)", frequency: "frequência", power: "densidade de potência",
	packets: "pacotes", traffic: "tráfego", capturedTraffic: "tráfego capturado", packetRate: "pacotes", other: "outros",
	wireLength: "tamanho do pacote no enlace (B%s)", capturedLength: "tamanho capturado do pacote (B%s)", bins: ", classes de %d",
	series:        "A série ao longo do tempo.",
	decomposition: "A série, sua tendência, sua parte sazonal e o que resta, ao longo do tempo.",
	correlation:   "Autocorrelação e autocorrelação parcial por defasagem, com a faixa de 95 % em torno de zero.",
	periodogram:   "Densidade espectral de potência por frequência, ambos os eixos logarítmicos.",
	sizes:         "Pacotes por tamanho para TCP, UDP e outros protocolos, contagens em eixo logarítmico.",
}

var spanish = words{
	time: "tiempo (UTC)", observed: "observado", trend: "tendencia", seasonal: "estacional", residual: "residuo",
	acf: "autocorrelación", pacf: "autocorrelación parcial", lags: "retardo (intervalos de %s)", frequency: "frecuencia", power: "densidad de potencia",
	packets: "paquetes", traffic: "tráfico", capturedTraffic: "tráfico capturado", packetRate: "paquetes", other: "otros",
	wireLength: "longitud del paquete en el enlace (B%s)", capturedLength: "longitud capturada del paquete (B%s)", bins: ", clases de %d",
	series:        "La serie a lo largo del tiempo.",
	decomposition: "La serie, su tendencia, su parte estacional y lo que queda, a lo largo del tiempo.",
	correlation:   "Autocorrelación y autocorrelación parcial por retardo, con la banda del 95 % en torno a cero.",
	periodogram:   "Densidad espectral de potencia por frecuencia, ambos ejes logarítmicos.",
	sizes:         "Paquetes por longitud para TCP, UDP y otros protocolos, cuentas en un eje logarítmico.",
}

func wordsOf(language string) *words {
	switch language {
	case "pt":
		return &portuguese
	case "es":
		return &spanish
	}
	return &english
}

// quantity names a column: the known ones in words, a user's own by its name.
func (w *words) quantity(column string) string {
	switch column {
	case "wire_bytes":
		return w.traffic
	case "captured_bytes":
		return w.capturedTraffic
	case "packets":
		return w.packetRate
	}
	return column
}

func (w *words) lag(interval string) string { return fmt.Sprintf(w.lags, interval) }

func (w *words) protocol(name string) string {
	if name == "Other" {
		return w.other
	}
	return name
}

func (w *words) length(of string, width int64) string {
	bins := ""
	if width > 1 {
		bins = fmt.Sprintf(w.bins, width)
	}
	if of == "captured" {
		return fmt.Sprintf(w.capturedLength, bins)
	}
	return fmt.Sprintf(w.wireLength, bins)
}
