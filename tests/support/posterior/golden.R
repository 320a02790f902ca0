#!/usr/bin/env Rscript
# SPDX-License-Identifier: GPL-3.0-or-later
# Rebuilds tests/unit/diagnostics/golden with the R package posterior 1.6.1 (Debian 13:
# r-cran-posterior): golden.R FOLDER [LIBRARY]. draws.f64 holds the draws of all cases one after
# another (float64, little-endian, chain after chain), posterior.csv where each begins and what
# posterior makes of it; NA and NaN are written as NA.
arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) > 1) .libPaths(c(arguments[2], .libPaths()))
suppressWarnings(suppressMessages(library(posterior)))
stopifnot(packageVersion("posterior") == "1.6.1")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20261122)

ar1 <- function(n, rho) {
  x <- numeric(n)
  x[1] <- rnorm(1) / sqrt(1 - rho^2)
  if (n > 1) for (i in 2:n) x[i] <- rho * x[i - 1] + rnorm(1)
  x
}
chains <- function(n, m, f) matrix(replicate(m, f(n)), nrow = n)
cases <- list()
for (rho in c(-0.9, -0.5, 0.3, 0.6, 0.9, 0.99)) {
  for (m in c(1, 2, 4, 8)) {
    n <- if (m == 8) 80 else if (m == 2) 151 else 200
    cases[[sprintf("ar1 %g, %d chains", rho, m)]] <- chains(n, m, function(n) ar1(n, rho))
  }
}
normal <- function(n, m) chains(n, m, rnorm)
cases[["normal"]] <- normal(250, 4)
cases[["normal, long"]] <- normal(2000, 2)
cases[["normal, odd"]] <- normal(251, 4)
cases[["normal, one chain, odd"]] <- normal(101, 1)
cases[["normal, three chains, prime length"]] <- normal(127, 3)
cases[["shifted chain"]] <- sweep(normal(200, 4), 2, c(0, 0, 0, 2), "+")
cases[["slightly shifted chain, odd"]] <- sweep(normal(201, 4), 2, c(0, 0, 0, 0.3), "+")
cases[["scaled chain"]] <- sweep(normal(200, 4), 2, c(1, 1, 1, 4), "*")
cases[["scaled chain, odd"]] <- sweep(normal(75, 4), 2, c(1, 1, 1, 3), "*")
cases[["stuck chain"]] <- { x <- normal(200, 4); x[, 3] <- 0.25; x }
cases[["chain stuck half-way"]] <- { x <- normal(200, 4); x[80:200, 2] <- x[80, 2]; x }
cases[["every chain stuck elsewhere"]] <- matrix(rep(c(1, 2, 3, 4), each = 50), nrow = 50)
cases[["drift"]] <- normal(200, 4) + (1:200) / 60
cases[["Cauchy"]] <- chains(250, 4, rcauchy)
cases[["Student t, 3"]] <- chains(200, 4, function(n) rt(n, 3))
cases[["lognormal"]] <- chains(200, 2, function(n) exp(2 * rnorm(n)))
cases[["uniform"]] <- chains(200, 4, runif)
cases[["two modes, never left"]] <- sweep(normal(200, 4), 2, c(-5, -5, 5, 5), "+")
cases[["two modes, all in one"]] <- normal(200, 4) / 3 + 5
cases[["two modes, hopping"]] <-
  chains(200, 4, function(n) rnorm(n) / 3 + 5 * sign(ar1(n, 0.95)))
cases[["Bernoulli"]] <- chains(200, 4, function(n) rbinom(n, 1, 0.3))
cases[["rare Bernoulli"]] <- chains(200, 4, function(n) rbinom(n, 1, 0.01))
cases[["Poisson"]] <- chains(151, 4, function(n) rpois(n, 3))
cases[["Metropolis with rejections"]] <- chains(200, 4, function(n) {
  x <- numeric(n)
  for (i in 2:n) {
    y <- x[i - 1] + 2 * rnorm(1)
    x[i] <- if (log(runif(1)) < (x[i - 1]^2 - y^2) / 2) y else x[i - 1]
  }
  x
})
cases[["rounded"]] <- round(normal(200, 4), 1)
cases[["antithetic"]] <- chains(200, 4, function(n) (-1)^(1:n) * abs(rnorm(n)))
cases[["alternating"]] <- matrix(rep(c(-1, 1), 200), nrow = 100)
cases[["large offset"]] <- 1e8 + normal(200, 4)
cases[["tiny"]] <- 1e-9 * normal(200, 4)
cases[["below resolution"]] <- 1e-18 * normal(200, 4)
cases[["constant"]] <- matrix(3.5, nrow = 100, ncol = 4)
cases[["zero"]] <- matrix(0, nrow = 100, ncol = 2)
cases[["one NaN"]] <- { x <- normal(100, 4); x[17, 2] <- NaN; x }
cases[["one NA"]] <- { x <- normal(100, 4); x[100, 4] <- NA; x }
cases[["one Inf"]] <- { x <- normal(100, 4); x[1, 1] <- Inf; x }
cases[["one -Inf"]] <- { x <- normal(100, 2); x[50, 2] <- -Inf; x }
cases[["many chains"]] <- normal(20, 60)
for (n in 1:16) cases[[sprintf("short, %d", n)]] <- normal(n, 4)
for (n in c(1, 2, 3, 5, 8)) cases[[sprintf("short, one chain, %d", n)]] <- normal(n, 1)

quiet <- function(expression) {
  value <- suppressWarnings(tryCatch(expression, error = function(e) NA_real_))
  if (length(value) == 0) NA_real_ else as.numeric(value)[1]
}
rows <- NULL
out <- file(file.path(arguments[1], "draws.f64"), "wb")
begin <- 0
for (name in names(cases)) {
  x <- unname(cases[[name]]) + 0
  m <- ncol(x)
  writeBin(as.vector(x), out, size = 8, endian = "little")
  pairs <- (seq_len(m) + 1) %/% 2
  finite <- all(is.finite(x))
  row <- data.frame(
    case = paste0('"', name, '"'), begin = begin, chains = m, draws = nrow(x),
    mean = quiet(mean(x)), median = quiet(median(x)), sd = quiet(stats::sd(as.vector(x))),
    mad = quiet(stats::mad(as.vector(x))), q5 = quiet(quantile2(x, 0.05)),
    q95 = quiet(quantile2(x, 0.95)), rhat = quiet(rhat(x)), rhat_basic = quiet(rhat_basic(x)),
    rhat_unsplit = quiet(rhat_basic(x, split = FALSE)),
    rhat_nested = quiet(if (m %% 2 == 0 && m > 2) rhat_nested(x, pairs) else NA_real_),
    rhat_nested_single = quiet(if (m > 1) rhat_nested(x, seq_len(m)) else NA_real_),
    ess_basic = quiet(ess_basic(x)), ess_bulk = quiet(ess_bulk(x)), ess_tail = quiet(ess_tail(x)),
    ess_mean = quiet(ess_mean(x)), ess_median = quiet(ess_median(x)), ess_sd = quiet(ess_sd(x)),
    ess_q10 = quiet(ess_quantile(x, 0.1)), ess_q75 = quiet(ess_quantile(x, 0.75)),
    ess_q100 = quiet(ess_quantile(x, 1)),
    mcse_mean = quiet(mcse_mean(x)), mcse_sd = quiet(mcse_sd(x)),
    mcse_median = quiet(mcse_median(x)), mcse_q5 = quiet(mcse_quantile(x, 0.05)),
    mcse_q95 = quiet(mcse_quantile(x, 0.95)),
    khat = quiet(if (finite) pareto_khat(x, verbose = FALSE) else NA_real_))
  begin <- begin + length(x)
  rows <- rbind(rows, row)
}
close(out)
for (column in names(rows)[-(1:4)]) {
  value <- rows[[column]]
  rows[[column]] <- ifelse(is.na(value), "NA", sprintf("%.15g", value))
}
csv <- file(file.path(arguments[1], "posterior.csv"), "w")
writeLines(paste0("# posterior ", packageVersion("posterior"), ", ", R.version.string), csv)
write.table(rows, csv, sep = ",", row.names = FALSE, quote = FALSE)
close(csv)
cat(nrow(rows), "cases\n")
