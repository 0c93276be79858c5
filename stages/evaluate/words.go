package evaluate

// words are the texts of the figures in one language.
type words struct {
	traffic, observed, naive, lookBack, epochs, batch, residual, lag, mse, time, second, steps, mean, units, average, drift, cycle, smoothing                                string
	ensemble, interval, skill, horizon, rmse, epoch, loss, training, validation, recall, precision, baseRate, layers, both, ranks, difference, auto, testing, linear, chosen string
	fourier, forest, bothOf, layersOf, attentionOf, covariates                                                                                                               string
}

var languages = map[string]words{
	"en": {traffic: "traffic", observed: "observed", naive: "last value", lookBack: "look-back", epochs: "epochs", batch: "batch", residual: "autocorrelation of the residuals", lag: "lag",
		mse: "test MSE", time: "time (UTC)", second: "s", steps: "steps", mean: "training mean", units: "units", average: "moving average", drift: "drift", cycle: "last cycle", smoothing: "exponential smoothing",
		ensemble: "ensemble", interval: "%s interval", skill: "skill against the last value", horizon: "horizon", rmse: "RMSE", epoch: "epoch", loss: "loss (scaled)", training: "training", validation: "validation",
		recall: "recall: share of the bursts of the next %s that are announced", precision: "precision", baseRate: "base rate", layers: "layers", both: "bidirectional", ranks: "mean rank over %d blocks of the test part",
		difference: "critical difference", auto: "automatic mixture", testing: "test", linear: "linear model", chosen: "chosen configuration",
		fourier: "Fourier regression", forest: "random forest", bothOf: "bidirectional %s", layersOf: "%s of %d layers", attentionOf: "%s with attention", covariates: "covariates"},
	"pt": {traffic: "tráfego", observed: "observado", naive: "último valor", lookBack: "janela", epochs: "épocas", batch: "lote", residual: "autocorrelação dos resíduos", lag: "defasagem",
		mse: "MSE de teste", time: "hora (UTC)", second: "s", steps: "passos", mean: "média do treino", units: "unidades", average: "média móvel", drift: "deriva", cycle: "último ciclo", smoothing: "suavização exponencial",
		ensemble: "combinação", interval: "intervalo de %s", skill: "ganho sobre o último valor", horizon: "horizonte", rmse: "RMSE", epoch: "época", loss: "perda (escalada)", training: "treino", validation: "validação",
		recall: "revocação: parte dos surtos dos próximos %s que são anunciados", precision: "precisão", baseRate: "frequência", layers: "camadas", both: "bidirecional", ranks: "posição média em %d blocos do teste",
		difference: "diferença crítica", auto: "mistura automática", testing: "teste", linear: "modelo linear", chosen: "configuração escolhida",
		fourier: "regressão de Fourier", forest: "floresta aleatória", bothOf: "%s bidirecional", layersOf: "%s de %d camadas", attentionOf: "%s com atenção", covariates: "covariáveis"},
	"es": {traffic: "tráfico", observed: "observado", naive: "último valor", lookBack: "ventana", epochs: "épocas", batch: "lote", residual: "autocorrelación de los residuos", lag: "retardo",
		mse: "MSE de prueba", time: "hora (UTC)", second: "s", steps: "pasos", mean: "media del entrenamiento", units: "unidades", average: "media móvil", drift: "deriva", cycle: "último ciclo", smoothing: "suavizado exponencial",
		ensemble: "combinación", interval: "intervalo del %s", skill: "ganancia sobre el último valor", horizon: "horizonte", rmse: "RMSE", epoch: "época", loss: "pérdida (escalada)", training: "entrenamiento", validation: "validación",
		recall: "exhaustividad: parte de las ráfagas de los próximos %s que se anuncian", precision: "precisión", baseRate: "frecuencia", layers: "capas", both: "bidireccional", ranks: "puesto medio en %d bloques de prueba",
		difference: "diferencia crítica", auto: "mezcla automática", testing: "prueba", linear: "modelo lineal", chosen: "configuración elegida",
		fourier: "regresión de Fourier", forest: "bosque aleatorio", bothOf: "%s bidireccional", layersOf: "%s de %d capas", attentionOf: "%s con atención", covariates: "covariables"},
}
