# Makes expected.json from the tables of counts beside it: Rscript compute.R (R 4.2.2, base packages only).
# A column "none" counts the answers "none of these"; it belongs to the total of a participant only.

study <- function(n, total, weights, spread, none = 0) {
  # Counts of n participants whose preferences scatter around the weights.
  k <- length(weights)
  t(sapply(seq_len(n), function(i) {
    taste <- rgamma(k + (none > 0), c(weights * (1 - none), if (none > 0) none) * spread)
    rmultinom(1, total[(i - 1) %% length(total) + 1], taste / sum(taste))
  }))
}

write_table <- function(name, counts, none = FALSE) {
  k <- ncol(counts) - none
  colnames(counts) <- c(LETTERS[1:k], if (none) "none")
  table <- cbind(participant = sprintf("p%02d", seq_len(nrow(counts))), as.data.frame(counts))
  write.csv(table, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}

if (!file.exists("equal.csv")) {
  set.seed(20190904)
  write_table("equal", study(30, 20, c(.4, .25, .2, .15), 25))
  write_table("unequal", study(24, c(3, 7, 12, 20, 35, 60), c(.35, .3, .2, .15), 20))
  write_table("two", study(20, 15, c(.58, .42), 15))
  write_table("six", study(40, 18, c(.28, .2, .16, .14, .12, .1), 30))
  write_table("none", study(30, 20, c(.4, .3, .2, .1), 20, none = .3), none = TRUE)
}

analyse <- function(name) {
  counts <- read.csv(paste0(name, ".csv"))[, -1]
  methods <- setdiff(names(counts), "none")
  shares <- as.matrix(counts[, methods]) / rowSums(counts)
  n <- nrow(shares); k <- length(methods)
  long <- data.frame(
    share = as.vector(shares),
    method = factor(rep(methods, each = n), levels = methods),
    participant = factor(rep(seq_len(n), k))
  )
  classic <- aov(share ~ method, long)
  one <- summary(classic)[[1]]
  welch <- oneway.test(share ~ method, long)
  within <- summary(aov(share ~ method + Error(participant / method), long))[["Error: participant:method"]][[1]]
  covariance <- cov(shares)
  centred <- covariance - outer(rowMeans(covariance), colMeans(covariance), "+") + mean(covariance)
  epsilon <- sum(diag(centred))^2 / ((k - 1) * sum(centred^2))
  F_rm <- within[["F value"]][1]
  differences <- shares[, -k, drop = FALSE] - shares[, k]
  means <- colMeans(differences)
  T2 <- n * drop(means %*% solve(cov(differences), means))
  F_hotelling <- T2 * (n - k + 1) / ((n - 1) * (k - 1))
  friedman <- friedman.test(shares)
  tukey <- TukeyHSD(classic)$method
  pairs <- combn(k, 2)
  tests <- apply(pairs, 2, function(ij) {
    test <- t.test(shares[, ij[1]], shares[, ij[2]], paired = TRUE)
    c(t = unname(test$statistic), p = test$p.value, difference = unname(test$estimate))
  })
  adjusted <- p.adjust(tests["p", ], "holm")
  list(
    one_way = list(F = one[["F value"]][1], p = one[["Pr(>F)"]][1],
                   eta_squared = one[["Sum Sq"]][1] / sum(one[["Sum Sq"]])),
    welch = list(F = unname(welch$statistic), df = unname(welch$parameter[2]), p = welch$p.value),
    repeated_measures = list(F = F_rm, epsilon = epsilon,
                             p = pf(F_rm, (k - 1) * epsilon, (k - 1) * (n - 1) * epsilon, lower.tail = FALSE)),
    hotelling = list(T2 = T2, F = F_hotelling, p = pf(F_hotelling, k - 1, n - k + 1, lower.tail = FALSE)),
    # With two methods it would be a sign test, which the report does not give.
    friedman = if (k == 2) list(Q = NA, p = NA, W = NA) else
      list(Q = unname(friedman$statistic), p = friedman$p.value, W = unname(friedman$statistic) / (n * (k - 1))),
    pairs = lapply(seq_len(ncol(pairs)), function(i) {
      a <- methods[pairs[1, i]]; b <- methods[pairs[2, i]]
      row <- tukey[paste0(b, "-", a), ]
      list(a = a, b = b, difference = tests["difference", i], t = tests["t", i], holm_p = adjusted[i],
           tukey_low = -row[["upr"]], tukey_high = -row[["lwr"]], tukey_p = row[["p adj"]])
    })
  )
}

json <- function(x) {
  if (is.list(x) && is.null(names(x))) return(paste0("[", paste(sapply(x, json), collapse = ",\n"), "]"))
  if (is.list(x)) return(paste0("{", paste0('"', names(x), '": ', sapply(x, json), collapse = ", "), "}"))
  if (is.character(x)) return(paste0('"', x, '"'))
  if (is.na(x)) "null" else sprintf("%.17g", unname(x))
}

names <- c("equal", "unequal", "two", "six", "none")
results <- lapply(names, analyse)
lines <- paste0('"', names, '": ', sapply(results, json))
writeLines(paste0("{\n", paste(lines, collapse = ",\n"), "\n}"), "expected.json")
