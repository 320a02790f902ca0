#!/usr/bin/env Rscript
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads cmdstan/*.csv of `run --out FOLDER` into the R package posterior and compares its summary with
# the one of `latent-explorer diagnose FOLDER/cmdstan/*.csv --json`: chains.R FOLDER JSON.
arguments <- commandArgs(trailingOnly = TRUE)
suppressWarnings(suppressMessages(library(posterior)))
files <- list.files(file.path(arguments[1], "cmdstan"), full.names = TRUE)
read <- function(file) {
  lines <- readLines(file)
  number <- function(key) {
    line <- grep(paste0("^# *", key, " = "), lines, value = TRUE)[1]
    as.integer(sub(" .*", "", sub(".* = ", "", line)))
  }
  table <- read.csv(file, comment.char = "#", check.names = FALSE)
  saved <- number("save_warmup") * number("num_warmup")
  if (saved > 0) table <- table[-seq_len(saved), ]
  stopifnot(nrow(table) == number("num_samples"))
  as_draws_df(table[, !grepl("__$", names(table)), drop = FALSE])
}
draws <- do.call(bind_draws, c(lapply(files, read), along = "chain"))
ours <- jsonlite::fromJSON(arguments[2])$variables
theirs <- summarise_draws(draws, "mean", "median", "sd", "mad", "quantile2", "rhat", "ess_bulk",
                          "ess_tail", "mcse_mean", "mcse_sd")
columns <- setdiff(names(theirs), "variable")
ours <- ours[match(gsub("[.]([0-9]+)$", "[\\1]", theirs$variable), ours$name), columns]
worst <- max(abs(as.matrix(ours) / as.matrix(theirs[, columns]) - 1), na.rm = TRUE)
cat(sprintf("posterior %s, %d chains, %d variables: largest relative difference %.2g\n",
            packageVersion("posterior"), nchains(draws), nrow(theirs), worst))
stopifnot(nchains(draws) == length(files), !anyNA(ours), worst < 1e-6)
