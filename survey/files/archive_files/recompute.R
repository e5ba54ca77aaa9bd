# Recomputes the main table of a study from votes.csv, with base R alone: Rscript recompute.R
# One line a method: votes, share of all votes, 95 % t interval over participants. Then one-way ANOVA of the
# participants' proportions, as in the NormLIME paper, and Friedman's test of them.

given <- grep("^--file=", commandArgs(), value = TRUE)
here <- if (length(given)) dirname(sub("^--file=", "", given[1])) else "."
rows <- read.csv(file.path(here, "votes.csv"), colClasses = "character", encoding = "UTF-8")
rows <- rows[rows$kind == "scored" & rows$kept == "true", ]
offered <- unique(unlist(rows[grep("^method_", names(rows))]))
offered <- offered[offered != ""]
voted <- rows[rows$chosen_method != "", ]
people <- factor(voted$participant, levels = unique(voted$participant))
table <- unclass(table(people, factor(voted$chosen_method, levels = offered)))
table <- table[, order(-colSums(table), tolower(offered)), drop = FALSE]

n <- nrow(table); k <- ncol(table); each <- rowSums(table)
shares <- colSums(table) / sum(table)
residuals <- table - outer(each, shares)
half <- qt(0.975, n - 1) * sqrt(colSums(residuals^2) * n / (n - 1)) / sum(table)
cat("method,votes,share,low,high\n")
for (i in seq_len(k)) {
  cat(sprintf("%s,%d,%.10f,%.10f,%.10f\n", colnames(table)[i], as.integer(sum(table[, i])), shares[i],
              max(shares[i] - half[i], 0), min(shares[i] + half[i], 1)))
}
proportions <- table / each
long <- data.frame(share = as.vector(proportions), method = factor(rep(seq_len(k), each = n)))
one <- summary(aov(share ~ method, data = long))[[1]]
cat(sprintf("one-way ANOVA,F(%d, %d) = %.8f,p = %.8e\n", k - 1L, as.integer(k * (n - 1)), one[1, "F value"], one[1, "Pr(>F)"]))
if (k > 2) {
  ranks <- friedman.test(unname(as.matrix(proportions)))
  cat(sprintf("Friedman,Q(%d) = %.8f,p = %.8e\n", k - 1L, ranks$statistic, ranks$p.value))
}
