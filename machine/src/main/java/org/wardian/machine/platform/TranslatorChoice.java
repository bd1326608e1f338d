package org.wardian.machine.platform;

import java.util.Optional;
import org.wardian.host.HostException;
import org.wardian.x86.CpuModel;

/**
 * How our own processor executes on this host, and why.
 *
 * @param translated whether 64-bit code is translated to code for the host's processor
 * @param reason one phrase without a full stop
 */
public record TranslatorChoice(boolean translated, String reason) {
  /**
   * System property for test suites: {@code true} or {@code false} decides for every machine whose
   * configuration says {@link Translator#AUTO}; {@code true} demands as {@link Translator#HOST}
   * does, and so does {@code lockstep}, which compares translated code with the interpreter.
   */
  public static final String FORCED = "wardian.translator";

  /**
   * Chooses.
   *
   * @throws HostException where translation is demanded and this host cannot give it
   */
  public static TranslatorChoice of(Translator asked, CpuModel model) {
    return of(
        asked,
        Optional.ofNullable(System.getProperty(FORCED)),
        TranslatorRequirements.obstacle(model));
  }

  static TranslatorChoice of(Translator asked, Optional<String> forced, Optional<String> obstacle) {
    return switch (asked) {
      case OFF -> new TranslatorChoice(false, "--translator off asks for it");
      case HOST -> demanded("--translator host asks for it", obstacle);
      case AUTO -> {
        if (forced.isPresent()) {
          String reason = "property " + FORCED + "=" + forced.get() + " asks for it";
          yield forced.get().equals("lockstep") || Boolean.parseBoolean(forced.get())
              ? demanded(reason, obstacle)
              : new TranslatorChoice(false, reason);
        }
        yield obstacle
            .map(why -> new TranslatorChoice(false, why))
            .orElseGet(
                () -> new TranslatorChoice(true, "this host runs code that is made at run time"));
      }
    };
  }

  private static TranslatorChoice demanded(String reason, Optional<String> obstacle) {
    if (obstacle.isPresent()) {
      throw HostException.unsupported(
          "the translator (" + obstacle.get() + ")", "--translator off interprets anywhere");
    }
    return new TranslatorChoice(true, reason);
  }
}
