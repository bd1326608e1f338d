package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalDouble;
import org.wardian.host.HostException;
import org.wardian.machine.platform.TierProbe;
import org.wardian.machine.platform.Translator;
import org.wardian.machine.platform.TranslatorChoice;
import org.wardian.x86.CpuModel;

/**
 * What the doctor says of our own processor: whether it translates here, and what a small loop does
 * in each tier.
 *
 * @param choice what {@code --translator auto} takes
 * @param translatedMips million instructions a second of emitted code, where there is any
 * @param interpretedMips the same of the interpreter
 */
record TranslatorFindings(
    TranslatorChoice choice, OptionalDouble translatedMips, double interpretedMips) {
  /** Emitted code is as fast at once as it ever will be; HotSpot takes a while. */
  private static final Duration TRANSLATED = Duration.ofMillis(50);

  private static final Duration INTERPRETED = Duration.ofMillis(300);

  /** Measures, which takes a third of a second. */
  static TranslatorFindings measure() {
    TranslatorChoice choice = TranslatorChoice.of(Translator.AUTO, CpuModel.standard());
    double interpreted = TierProbe.mips(Translator.OFF, INTERPRETED);
    if (choice.translated()) {
      try {
        double translated = TierProbe.mips(Translator.HOST, TRANSLATED);
        return new TranslatorFindings(choice, OptionalDouble.of(translated), interpreted);
      } catch (HostException e) {
        choice = new TranslatorChoice(false, e.getMessage());
      }
    }
    return new TranslatorFindings(choice, OptionalDouble.empty(), interpreted);
  }

  /** For a person. */
  Finding finding() {
    String interpreter =
        String.format(
            Locale.ROOT, "the interpreter does %.0f MIPS of a small loop", interpretedMips);
    return translatedMips.isPresent()
        ? Finding.good(
            "translator",
            String.format(
                Locale.ROOT,
                "%s; %s, emitted code %.0f",
                choice.reason(),
                interpreter,
                translatedMips.getAsDouble()))
        : Finding.lacking(
            "translator", "all code is interpreted: " + choice.reason() + "; " + interpreter);
  }

  /** For a program. */
  void describe(ObjectNode node) {
    node.put("available", choice.translated());
    node.put("reason", choice.reason());
    translatedMips.ifPresent(mips -> node.put("mips", Math.round(mips)));
    node.put("interpreterMips", Math.round(interpretedMips));
  }
}
