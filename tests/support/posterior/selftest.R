#!/usr/bin/env Rscript
# SPDX-License-Identifier: GPL-3.0-or-later
# The numbers in core/diagnostics/selftest.cpp. ess_sd and mcse_sd are those of posterior 1.6, which
# older versions compute otherwise, written out.
suppressMessages(library(posterior))
state <- 12345
next_u <- function() { state <<- (1664525 * state + 1013904223) %% 2^32; state / 2^32 }
draws <- matrix(0, 250, 4)
for (chain in 1:4) { x <- 0; for (t in 1:250) { x <- 0.5 * x + next_u() - 0.5; draws[t, chain] <- x + 0.02 * chain } }
for (f in c("rhat", "rhat_basic", "ess_bulk", "ess_tail", "ess_mean", "ess_sd", "ess_median", "mcse_mean", "mcse_median", "mcse_sd"))
  cat(sprintf('%s %.17g\n', f, get(f)(draws)))
cat(sprintf('ess_q05 %.17g\n', ess_quantile(draws, 0.05)))
cat(sprintf('mcse_q95 %.17g\n', mcse_quantile(draws, 0.95)))
cat(format(packageVersion("posterior")), draws[250,4], '\n')
c2 <- (draws - mean(draws))^2
e <- ess_mean(c2); v <- mean(c2)
cat(sprintf('ess_sd16 %.17g\nmcse_sd16 %.17g\n', e, sqrt((mean(c2^2) - v^2) / e / v / 4)))
