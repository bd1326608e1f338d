package org.wardian.definition.domain;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/**
 * The time that a machine starts with, and its timers: {@code <clock>}.
 *
 * @param element the element; null where the document has none
 */
public record Clock(XmlElement element) {
  /**
   * A timer.
   *
   * @param name platform, pit, rtc, hpet, tsc, kvmclock, hypervclock, armvtimer
   * @param present whether it is there; empty is the board's own choice
   * @param tickPolicy delay, catchup, merge, discard
   * @param frequency in Hz
   */
  public record Timer(
      String name,
      Optional<Boolean> present,
      Optional<String> tickPolicy,
      OptionalLong frequency) {}

  /** utc, localtime, timezone, variable or absolute. */
  public String offset() {
    return Values.attribute(element, "offset").orElse("utc");
  }

  /** The zone of offset timezone. */
  public Optional<String> timeZone() {
    return Values.attribute(element, "timezone");
  }

  /** What offset variable is counted from: utc or localtime. */
  public String basis() {
    return Values.attribute(element, "basis").orElse("utc");
  }

  /** Seconds added, of offset variable. */
  public long adjustment() {
    return Values.number(Values.attribute(element, "adjustment")).orElse(0);
  }

  /** The time in seconds since 1970, of offset absolute. */
  public OptionalLong start() {
    return Values.number(Values.attribute(element, "start"));
  }

  /** The timers that the document names. */
  public List<Timer> timers() {
    return element == null
        ? List.of()
        : element.children("timer").stream()
            .map(timer ->
                new Timer(
                    timer.attribute("name", ""),
                    Values.flag(Values.attribute(timer, "present")),
                    Values.attribute(timer, "tickpolicy"),
                    Values.number(timer.attribute("frequency"))))
            .toList();
  }

  /** A timer by its name. */
  public Optional<Timer> timer(String name) {
    return timers().stream().filter(timer -> timer.name().equals(name)).findFirst();
  }
}
