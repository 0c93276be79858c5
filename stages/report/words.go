package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
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
	shapes                                                             map[string]string // an option with its value: "look-back %s"
	bidirectional, layers                                              string            // a network of that direction, of so many layers
	theCapture, all, level, coverage, width, winkler                   string
	check, verdict, checked, passed, failed, horizon                   string
	precision, brier, found, lead                                      string
	guards                                                             map[string]string
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
				"ses": "suavização exponencial", "holt": "Holt", "theta": "theta", "ridge": "AR(%s) regularizado", "auto": "escolha automática", "ensemble": "combinação", "holt_winters": "Holt-Winters", "boosting": "gradient boosting", "forest": "floresta aleatória", "fourier": "Fourier", "ar": "AR(%s)", "linear": "modelo linear"},
			columns:       map[string]string{"wire_bytes": "no fio", "captured_bytes": "capturados"},
			shapes:        map[string]string{"look_back": "janela %s", "epochs": "%s épocas", "batch": "lote %s", "units": "%s unidades", "learning_rate": "taxa %s", "covariates": "com %s"},
			bidirectional: "%s bidirecional", layers: "%s de %s camadas", theCapture: "captura única", all: "média", level: "Nível", coverage: "Cobertura", width: "Largura", winkler: "Winkler",
			check: "Verificação", verdict: "Resultado", checked: "Verificados", passed: "passou", failed: "falhou", horizon: "Horizonte", precision: "Precisão média", brier: "Brier", found: "Anunciados", lead: "Antecedência",
			guards: map[string]string{"scaler": "a escala não viu o teste", "window": "janelas só do passado", "future_poison": "o futuro trocado não muda previsões", "shuffled": "série embaralhada não se prevê", "shuffled_control": "alvos embaralhados não ensinam",
				"lag_copy": "não é cópia do último valor", "too_good": "nada é bom demais para ser verdade", "split": "as partes não se tocam", "selection": "a escolha não viu o teste", "covariates": "covariáveis conhecidas na hora"}}
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
				"ses": "suavizado exponencial", "holt": "Holt", "theta": "theta", "ridge": "AR(%s) regularizado", "auto": "elección automática", "ensemble": "combinación", "holt_winters": "Holt-Winters", "boosting": "gradient boosting", "forest": "bosque aleatorio", "fourier": "Fourier", "ar": "AR(%s)", "linear": "modelo lineal"},
			columns:       map[string]string{"wire_bytes": "en el cable", "captured_bytes": "capturados"},
			shapes:        map[string]string{"look_back": "ventana %s", "epochs": "%s épocas", "batch": "lote %s", "units": "%s unidades", "learning_rate": "tasa %s", "covariates": "con %s"},
			bidirectional: "%s bidireccional", layers: "%s de %s capas", theCapture: "la captura", all: "media", level: "Nivel", coverage: "Cobertura", width: "Anchura", winkler: "Winkler",
			check: "Comprobación", verdict: "Resultado", checked: "Comprobados", passed: "superada", failed: "fallida", horizon: "Horizonte", precision: "Precisión media", brier: "Brier", found: "Anunciadas", lead: "Antelación",
			guards: map[string]string{"scaler": "la escala no vio la prueba", "window": "ventanas solo del pasado", "future_poison": "el futuro cambiado no altera pronósticos", "shuffled": "la serie barajada no se pronostica", "shuffled_control": "objetivos barajados no enseñan",
				"lag_copy": "no es copia del último valor", "too_good": "nada es demasiado bueno", "split": "las partes no se tocan", "selection": "la elección no vio la prueba", "covariates": "covariables conocidas a tiempo"}}
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
			"ses": "exponential smoothing", "holt": "Holt", "theta": "theta", "ridge": "ridge AR(%s)", "auto": "automatic choice", "ensemble": "ensemble", "holt_winters": "Holt-Winters", "boosting": "gradient boosting", "forest": "random forest", "fourier": "Fourier terms", "ar": "AR(%s)", "linear": "linear model"},
		columns:       map[string]string{"wire_bytes": "on the wire", "captured_bytes": "captured"},
		shapes:        map[string]string{"look_back": "look-back %s", "epochs": "%s epochs", "batch": "batch %s", "units": "%s units", "learning_rate": "rate %s", "covariates": "with %s"},
		bidirectional: "bidirectional %s", layers: "%s of %s layers", theCapture: "the capture", all: "mean", level: "Level", coverage: "Coverage", width: "Width", winkler: "Winkler",
		check: "Check", verdict: "Verdict", checked: "Checked", passed: "passed", failed: "failed", horizon: "Horizon", precision: "Average precision", brier: "Brier", found: "Announced", lead: "Lead",
		guards: map[string]string{"scaler": "the scaler has not seen the test part", "window": "windows hold the past only", "future_poison": "another future changes no forecast", "shuffled": "the shuffled series cannot be forecast", "shuffled_control": "shuffled targets teach nothing",
			"lag_copy": "not a copy of the last value", "too_good": "nothing is too good to be true", "split": "the parts do not touch", "selection": "the choice has not seen the test part", "covariates": "covariates are known in time"}}
}

// parameters are the options that stand in the name of a baseline.
var parameters = []string{"order", "period", "window"}

// trained says that a model is a network or made of trees, which have a look-back of their own.
func trained(labels map[string]string) bool {
	return labels["epochs"] != "" || labels["model"] == "boosting" || labels["model"] == "forest"
}

// model names a model by its labels, in prose: "AR(20)", "LSTM (look-back 20, 50 epochs, batch 64)". Of further options those are said that vary.
func (w *words) model(labels map[string]string, varies map[string]map[string]bool) string {
	if text, ok := w.models[labels["model"]]; ok && !trained(labels) {
		return w.parametric(text, labels) + w.covariates(labels, varies)
	}
	options := w.options(labels, varies, func(name, value string) string {
		if shape := w.shapes[name]; shape != "" {
			return fmt.Sprintf(shape, value)
		}
		return strings.ReplaceAll(name, "_", " ") + " " + value
	})
	if len(options) == 0 {
		return w.network(labels)
	}
	return w.network(labels) + " (" + strings.Join(options, ", ") + ")"
}

// row names a model in a table, shorter: LSTM 20 · 50/64.
func (w *words) row(labels map[string]string, varies map[string]map[string]bool) string {
	if text, ok := w.models[labels["model"]]; ok && !trained(labels) {
		return w.parametric(text, labels) + w.covariates(labels, varies)
	}
	short := maps.Clone(labels)
	delete(short, "look_back")
	delete(short, "epochs")
	delete(short, "batch")
	parts := w.options(short, varies, func(name, value string) string {
		if name == "learning_rate" || name == "patience" {
			return value
		}
		return strings.ReplaceAll(name, "_", " ") + " " + value
	})
	if labels["epochs"] != "" {
		parts = append([]string{labels["epochs"] + "/" + labels["batch"]}, parts...)
	}
	return strings.Join(append([]string{strings.TrimSpace(w.network(labels) + " " + labels["look_back"])}, parts...), " · ")
}

// parametric puts a baseline's parameter into its name.
func (w *words) parametric(text string, labels map[string]string) string {
	before, after, cut := strings.Cut(text, "%s")
	if !cut {
		return text
	}
	parameter := ""
	for _, p := range parameters {
		parameter += labels[p]
	}
	if parameter == "" {
		return strings.TrimSpace(strings.NewReplacer("()", "").Replace(before + after))
	}
	return before + parameter + after
}

func (w *words) covariates(labels map[string]string, varies map[string]map[string]bool) string {
	if labels["covariates"] == "" || !varies[labels["model"]]["covariates"] {
		return ""
	}
	return " + " + strings.ReplaceAll(labels["covariates"], ",", " + ")
}

// options lists a model's options: the look-back, epochs and batch of a network always, others where they vary.
func (w *words) options(labels map[string]string, varies map[string]map[string]bool, say func(name, value string) string) (list []string) {
	for _, name := range []string{"look_back", "epochs", "batch"} {
		if labels[name] != "" {
			list = append(list, say(name, labels[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		switch name {
		case "model", "protocol", "horizon", "look_back", "epochs", "batch", "layers", "bidirectional", "p", "d", "q":
			continue
		}
		if varies[labels["model"]][name] && !slices.Contains(asides, name) && !slices.Contains(parameters, name) {
			list = append(list, say(name, strings.ReplaceAll(labels[name], ",", " + ")))
		}
	}
	return list
}

// network is a trained model's kind: LSTM, bidirectional GRU of 2 layers, gradient boosting.
func (w *words) network(labels map[string]string) string {
	name := labels["model"]
	kind := map[string]string{"lstm": "LSTM", "gru": "GRU", "dlinear": "DLinear", "nlinear": "NLinear", "rlinear": "RLinear", "ar": "AR", "arima": "ARIMA", "arfima": "ARFIMA"}[name]
	if kind == "" {
		kind = w.models[name]
	}
	if kind == "" {
		kind = strings.ReplaceAll(name, "_", " ")
	}
	kind = w.parametric(kind, labels)
	if p, q := labels["p"], labels["q"]; p != "" && q != "" {
		kind += "(" + p + "," + cmp.Or(labels["d"], "d") + "," + q + ")"
	}
	if labels["bidirectional"] == "true" {
		kind = fmt.Sprintf(w.bidirectional, kind)
	}
	if labels["layers"] != "" && labels["layers"] != "1" {
		kind = fmt.Sprintf(w.layers, kind, labels["layers"])
	}
	return kind
}

func (w *words) captureName(key string) string {
	if key == "" {
		return w.theCapture
	}
	return key
}
