package report

import "strings"

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
	attention, covariates                                              string            // with such a layer; how many they are
	seen, scheduled, seenNumber, scheduledNumbers                      string            // the note on the names in a table
	inputs                                                             map[string]string // columns as covariates
	spans                                                              map[string][2]string
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
				"ses": "suavização exponencial", "holt": "Holt", "theta": "theta", "ridge": "AR(%s) regularizado", "auto": "mistura automática", "ensemble": "combinação", "holt_winters": "Holt-Winters", "boosting": "gradient boosting", "forest": "floresta aleatória", "fourier": "regressão de Fourier", "ar": "AR(%s)", "linear": "modelo linear"},
			columns:       map[string]string{"wire_bytes": "no fio", "captured_bytes": "capturados"},
			shapes:        map[string]string{"look_back": "janela %s", "epochs": "%s épocas", "batch": "lote %s", "units": "%s unidades", "learning_rate": "taxa %s", "covariates": "com %s"},
			bidirectional: "%s bidirecional", layers: "%s de %s camadas", theCapture: "captura única", all: "média", level: "Nível", coverage: "Cobertura", width: "Largura", winkler: "Winkler",
			check: "Verificação", verdict: "Resultado", checked: "Verificados", passed: "passou", failed: "falhou", horizon: "Horizonte", precision: "Precisão média", brier: "Brier", found: "Anunciados", lead: "Antecedência",
			attention: "%s com atenção", covariates: "%d covariáveis", seen: "janela %s", scheduled: "redes: %s épocas, lote %s", seenNumber: "o número é a janela", scheduledNumbers: "redes: épocas/lote",
			inputs: map[string]string{"packets": "pacotes", "flows": "fluxos", "syn": "conexões abertas", "udp_share": "a parte UDP", "tcp_share": "a parte TCP", "time_of_day": "a hora do dia", "time_of_week": "a hora da semana"},
			spans:  map[string][2]string{"day": {"dia", "dias"}, "hour": {"hora", "horas"}, "minute": {"minuto", "minutos"}, "second": {"segundo", "segundos"}},
			guards: map[string]string{"fit_poison": "o ajuste não viu nada depois do treino", "scaler": "a escala não viu o teste", "window": "janelas só do passado", "future_poison": "o futuro trocado não muda previsões", "shuffled": "série embaralhada não se prevê", "shuffled_control": "alvos embaralhados não ensinam",
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
				"ses": "suavizado exponencial", "holt": "Holt", "theta": "theta", "ridge": "AR(%s) regularizado", "auto": "mezcla automática", "ensemble": "combinación", "holt_winters": "Holt-Winters", "boosting": "gradient boosting", "forest": "bosque aleatorio", "fourier": "regresión de Fourier", "ar": "AR(%s)", "linear": "modelo lineal"},
			columns:       map[string]string{"wire_bytes": "en el cable", "captured_bytes": "capturados"},
			shapes:        map[string]string{"look_back": "ventana %s", "epochs": "%s épocas", "batch": "lote %s", "units": "%s unidades", "learning_rate": "tasa %s", "covariates": "con %s"},
			bidirectional: "%s bidireccional", layers: "%s de %s capas", theCapture: "la captura", all: "media", level: "Nivel", coverage: "Cobertura", width: "Anchura", winkler: "Winkler",
			check: "Comprobación", verdict: "Resultado", checked: "Comprobados", passed: "superada", failed: "fallida", horizon: "Horizonte", precision: "Precisión media", brier: "Brier", found: "Anunciadas", lead: "Antelación",
			attention: "%s con atención", covariates: "%d covariables", seen: "ventana %s", scheduled: "redes: %s épocas, lote %s", seenNumber: "el número es la ventana", scheduledNumbers: "redes: épocas/lote",
			inputs: map[string]string{"packets": "paquetes", "flows": "flujos", "syn": "conexiones abiertas", "udp_share": "la parte UDP", "tcp_share": "la parte TCP", "time_of_day": "la hora del día", "time_of_week": "la hora de la semana"},
			spans:  map[string][2]string{"day": {"día", "días"}, "hour": {"hora", "horas"}, "minute": {"minuto", "minutos"}, "second": {"segundo", "segundos"}},
			guards: map[string]string{"fit_poison": "el ajuste no vio nada tras el entrenamiento", "scaler": "la escala no vio la prueba", "window": "ventanas solo del pasado", "future_poison": "el futuro cambiado no altera pronósticos", "shuffled": "la serie barajada no se pronostica", "shuffled_control": "objetivos barajados no enseñan",
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
			"ses": "exponential smoothing", "holt": "Holt", "theta": "theta", "ridge": "ridge AR(%s)", "auto": "automatic mixture", "ensemble": "ensemble", "holt_winters": "Holt-Winters", "boosting": "gradient boosting", "forest": "random forest", "fourier": "Fourier regression", "ar": "AR(%s)", "linear": "linear model"},
		columns:       map[string]string{"wire_bytes": "on the wire", "captured_bytes": "captured"},
		shapes:        map[string]string{"look_back": "look-back %s", "epochs": "%s epochs", "batch": "batch %s", "units": "%s units", "learning_rate": "rate %s", "covariates": "with %s"},
		bidirectional: "bidirectional %s", layers: "%s of %s layers", theCapture: "the capture", all: "mean", level: "Level", coverage: "Coverage", width: "Width", winkler: "Winkler",
		check: "Check", verdict: "Verdict", checked: "Checked", passed: "passed", failed: "failed", horizon: "Horizon", precision: "Average precision", brier: "Brier", found: "Announced", lead: "Lead",
		attention: "%s with attention", covariates: "%d covariates", seen: "look-back %s", scheduled: "networks: %s epochs, batch %s", seenNumber: "the number is the look-back", scheduledNumbers: "networks: epochs/batch",
		inputs: map[string]string{"packets": "packets", "flows": "flows", "syn": "opened connections", "udp_share": "the UDP share", "tcp_share": "the TCP share", "time_of_day": "the time of day", "time_of_week": "the time of the week"},
		spans:  map[string][2]string{"day": {"day", "days"}, "hour": {"hour", "hours"}, "minute": {"minute", "minutes"}, "second": {"second", "seconds"}},
		guards: map[string]string{"fit_poison": "nothing after the training part changes a fit", "scaler": "the scaler has not seen the test part", "window": "windows hold the past only", "future_poison": "another future changes no forecast", "shuffled": "the shuffled series cannot be forecast", "shuffled_control": "shuffled targets teach nothing",
			"lag_copy": "not a copy of the last value", "too_good": "nothing is too good to be true", "split": "the parts do not touch", "selection": "the choice has not seen the test part", "covariates": "covariates are known in time"}}
}

// captureName is what a capture is called: "demo, rolling origin" is demo (rolling origin).
func (w *words) captureName(key string) string {
	if key == "" {
		return w.theCapture
	}
	if name, what, ok := strings.Cut(key, ", "); ok && what != "" {
		return name + " (" + what + ")"
	}
	return key
}
