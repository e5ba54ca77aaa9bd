# Recomputes the main table of a study from votes.csv with base R: Rscript recompute.R
# One line per method: votes, share of all votes, 95% confidence interval over participants. Then the one-way
# ANOVA of the participants' shares of their answers, as in the NormLIME paper, and Friedman's test of them.
# With lme4 and at least five labels, a mixed model of each method follows, in which participants and labels are
# both random: the share to expect of new participants and new labels, with a 95% Wald interval.

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

# The jackknife's variance over participants, and t with the degrees of freedom of their effective number.
without <- (rep(colSums(table), each = n) - table) / pmax(sum(table) - each, 1e-9)
variances <- (n - 1) / n * colSums((rep(shares, each = n) - without)^2)
df <- max(sum(each^2)^2 / sum(each^4) - 1, 1e-3)
t <- qt(0.975, df)
low <- pmax(shares - t * sqrt(variances), 0)
high <- pmin(shares + t * sqrt(variances), 1)
# Where fewer than 20 votes are for a method or against it: the interval of Clopper and Pearson at the number of
# independent answers that would determine the share equally well.
simple <- shares * (1 - shares) / sum(table)
some <- simple > 0
effects <- ifelse(some, pmax(variances / simple, 1, sum(variances) / sum(simple)), 1)
choosers <- pmin(colSums(table > 0), colSums(table < each))
effective <- ifelse(some, pmin(sum(table) / effects, 2 * choosers * n), n)
few <- pmin(shares, 1 - shares) * effective < 20
effective <- ifelse(some, pmax(effective * (qnorm(0.975) / t)^2, df + 1), effective)  # at least the participants
chosen <- shares * effective
low[few] <- ifelse(shares > 0, suppressWarnings(qbeta(0.025, chosen, effective - chosen + 1)), 0)[few]
high[few] <- ifelse(shares < 1, suppressWarnings(qbeta(0.975, chosen + 1, effective - chosen)), 1)[few]
unknown <- n < 2 | (some & variances <= 1e-24)  # one participant, or all alike
low[unknown] <- NaN; high[unknown] <- NaN
cat("method,votes,share,low,high\n")
for (i in seq_len(k)) {
  cat(sprintf("%s,%d,%.10f,%.10f,%.10f\n", colnames(table)[i], as.integer(sum(table[, i])), shares[i],
              low[i], high[i]))
}
# Of all answers, with "none of these": whoever always gave that has a share of 0 of each method.
answers <- rows[rows$chosen_method != "" | rows$chosen_position == "0", ]
given <- table(answers$participant)
n <- length(given)
proportions <- unclass(table(factor(answers$participant, levels = names(given)),
                             factor(answers$chosen_method, levels = colnames(table)))) / as.vector(given)
if (n > 1) {
  long <- data.frame(share = as.vector(proportions), method = factor(rep(seq_len(k), each = n)))
  one <- summary(aov(share ~ method, data = long))[[1]]
  cat(sprintf("one-way ANOVA,F(%d, %d) = %.8f,p = %.8e\n", k - 1L, as.integer(k * (n - 1)), one[1, "F value"], one[1, "Pr(>F)"]))
}
if (n > 1 && k > 2) {
  ranks <- friedman.test(unname(as.matrix(proportions)))
  cat(sprintf("Friedman,Q(%d) = %.8f,p = %.8e\n", k - 1L, ranks$statistic, ranks$p.value))
}

# A logistic model of choosing `method` among the answers that offered it ("none of these" is not choosing it).
# Participants, labels and, where a label has several, its maps are crossed random effects. The intercept and the
# ends of its interval are averaged over their distribution, which gives shares of all answers.
mixed_model <- function(answers, method) {
  places <- grep("^method_", names(answers))
  data <- answers[rowSums(answers[places] == method) > 0, ]
  data$map <- paste(data$label, data$replicate)
  data$y <- as.integer(data$chosen_method == method)
  maps <- if (length(unique(data$map)) > length(unique(data$label))) "+ (1 | map)" else ""
  model <- formula(paste("y ~ 1 + (1 | participant) + (1 | label)", maps))
  fit <- suppressMessages(lme4::glmer(model, data, binomial, control = lme4::glmerControl("bobyqa")))
  spread <- sqrt(sum(unlist(lme4::VarCorr(fit))))
  margin <- qnorm(0.975) * sqrt(as.numeric(vcov(fit)))
  average <- function(b) integrate(function(z) plogis(b + spread * z) * dnorm(z), -8, 8)$value
  sapply(lme4::fixef(fit) + c(0, -margin, margin), average)
}

if (length(unique(answers$label)) < 5) {
  message("mixed model: not fitted, as there are fewer than five labels")
} else if (!requireNamespace("lme4", quietly = TRUE)) {
  message("mixed model: not fitted, as lme4 is missing; install.packages(\"lme4\")")
} else {
  for (method in colnames(table)) {
    result <- tryCatch(sprintf("%.6f", mixed_model(answers, method)), error = function(e) {
      message("mixed model of ", method, ": ", conditionMessage(e))
      rep("", 3)
    })
    cat("mixed model", method, result, sep = ",")
    cat("\n")
  }
}
