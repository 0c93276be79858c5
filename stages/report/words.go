package report

import (
	"fmt"
	"strings"
)

// words is what tables and names say in one language.
type words struct {
	statistic, count, mean, std, min, max, percentile                  string
	published, strict, lookBack, schedule, modelHead, interval, chosen string
	gain, lag, against, pHolm, first, artifact                         string
	packets, rows, wire, captured, other, capture, from                string
	share, commonest, size, kind, period, strength, cycle              string
	additive, multiplicative, refused, few, targets                    string
	intervals, step, pieces, deviation, days                           string
	columns                                                            map[string]string // what the bytes of a column are, after their unit
	reasons                                                            map[string]string
	models                                                             map[string]string
	lstm                                                               string // look-back, epochs, batch
	theCapture                                                         string
}

func wordsOf(language string) *words {
	switch language {
	case "pt":
		return &words{statistic: "Estatística", count: "Quantidade", mean: "Média", std: "Desvio padrão", min: "Mínimo", max: "Máximo", percentile: "Percentil %d",
			published: "publicado", strict: "estrito", lookBack: "Janela", schedule: "Épocas/lote", modelHead: "Modelo", interval: "IC de 95 %", chosen: "escolhido",
			gain: "Ganho", lag: "Cópia", against: "contra", pHolm: "p (Holm)", first: "Início", artifact: "Artefato",
			packets: "Pacotes", rows: "Linhas", wire: "No fio", captured: "Capturado", other: "Outros", capture: "Captura", from: "Estágio",
			share: "Parte", commonest: "Mais comum", size: "Tamanho", kind: "Tipo", period: "Período", strength: "Força", cycle: "Ciclos",
			additive: "aditivo", multiplicative: "multiplicativo", refused: "não decomposto", few: "poucos ciclos", targets: "Alvos",
			intervals: "Intervalos", step: "Passo", pieces: "Trechos", deviation: "Desvio", days: "dias",
			reasons: map[string]string{"short": "menos de 2 ciclos", "constant": "série constante", "not positive": "valores não positivos"},
			models: map[string]string{"naive": "último valor", "drift": "deriva", "mean": "média do treino", "seasonal_naive": "último ciclo (%s)", "moving_average": "média móvel (%s)",
				"ses": "suavização exponencial", "holt": "Holt", "ar": "AR(%s)", "linear": "modelo linear"},
			columns: map[string]string{"wire_bytes": "no fio", "captured_bytes": "capturados"},
			lstm:    "LSTM (janela %s, %s épocas, lote %s)", theCapture: "captura única"}
	case "es":
		return &words{statistic: "Estadístico", count: "Cantidad", mean: "Media", std: "Desviación típica", min: "Mínimo", max: "Máximo", percentile: "Percentil %d",
			published: "publicado", strict: "estricto", lookBack: "Ventana", schedule: "Épocas/lote", modelHead: "Modelo", interval: "IC del 95 %", chosen: "elegido",
			gain: "Mejora", lag: "Copia", against: "contra", pHolm: "p (Holm)", first: "Inicio", artifact: "Artefacto",
			packets: "Paquetes", rows: "Filas", wire: "En el cable", captured: "Capturado", other: "Otros", capture: "Captura", from: "Etapa",
			share: "Parte", commonest: "Más común", size: "Tamaño", kind: "Tipo", period: "Periodo", strength: "Fuerza", cycle: "Ciclos",
			additive: "aditivo", multiplicative: "multiplicativo", refused: "sin descomponer", few: "pocos ciclos", targets: "Objetivos",
			intervals: "Intervalos", step: "Paso", pieces: "Tramos", deviation: "Desviación", days: "días",
			reasons: map[string]string{"short": "menos de 2 ciclos", "constant": "serie constante", "not positive": "valores no positivos"},
			models: map[string]string{"naive": "último valor", "drift": "deriva", "mean": "media del entrenamiento", "seasonal_naive": "último ciclo (%s)", "moving_average": "media móvil (%s)",
				"ses": "suavizado exponencial", "holt": "Holt", "ar": "AR(%s)", "linear": "modelo lineal"},
			columns: map[string]string{"wire_bytes": "en el cable", "captured_bytes": "capturados"},
			lstm:    "LSTM (ventana %s, %s épocas, lote %s)", theCapture: "la captura"}
	}
	return &words{statistic: "Statistic", count: "Count", mean: "Mean", std: "Standard deviation", min: "Minimum", max: "Maximum", percentile: "%dth percentile",
		published: "published", strict: "strict", lookBack: "Look-back", schedule: "Epochs/batch", modelHead: "Model", interval: "95 % interval", chosen: "chosen",
		gain: "Gain", lag: "Copy", against: "against", pHolm: "p (Holm)", first: "Begins", artifact: "Artifact",
		packets: "Packets", rows: "Rows", wire: "On the wire", captured: "Captured", other: "Other", capture: "Capture", from: "Stage",
		share: "Share", commonest: "Commonest", size: "Size", kind: "Type", period: "Period", strength: "Strength", cycle: "Cycles",
		additive: "additive", multiplicative: "multiplicative", refused: "not decomposed", few: "few cycles", targets: "Targets",
		intervals: "Intervals", step: "Step", pieces: "Pieces", deviation: "Deviation", days: "days",
		reasons: map[string]string{"short": "fewer than 2 cycles", "constant": "constant series", "not positive": "values that are not positive"},
		models: map[string]string{"naive": "last value", "drift": "drift", "mean": "training mean", "seasonal_naive": "last cycle (%s)", "moving_average": "moving average (%s)",
			"ses": "exponential smoothing", "holt": "Holt", "ar": "AR(%s)", "linear": "linear model"},
		columns: map[string]string{"wire_bytes": "on the wire", "captured_bytes": "captured"},
		lstm:    "LSTM (look-back %s, %s epochs, batch %s)", theCapture: "the capture"}
}

// model names a model by its labels, in prose.
func (w *words) model(labels map[string]string) string {
	name := labels["model"]
	if labels["epochs"] != "" {
		if name == "lstm" {
			return fmt.Sprintf(w.lstm, labels["look_back"], labels["epochs"], labels["batch"])
		}
		return fmt.Sprintf("%s (%s, %s/%s)", name, labels["look_back"], labels["epochs"], labels["batch"])
	}
	text, ok := w.models[name]
	if !ok {
		return name
	}
	if before, after, cut := strings.Cut(text, "%s"); cut {
		parameter := labels["order"] + labels["period"] + labels["window"]
		if parameter == "" {
			return strings.TrimSpace(strings.NewReplacer("()", "").Replace(before + after))
		}
		return before + parameter + after
	}
	return text
}

// row names a model in a table, shorter: LSTM 20 · 50/64.
func (w *words) row(labels map[string]string) string {
	if labels["model"] == "lstm" {
		text := "LSTM " + labels["look_back"] + " · " + labels["epochs"] + "/" + labels["batch"]
		for _, extra := range []string{"learning_rate", "patience"} {
			if labels[extra] != "" {
				text += " · " + labels[extra]
			}
		}
		return text
	}
	return w.model(labels)
}

func (w *words) captureName(key string) string {
	if key == "" {
		return w.theCapture
	}
	return key
}
