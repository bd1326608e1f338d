package org.wardian.conformance.system;

import java.util.List;

/** The guests that there are, by what they look at. */
final class SystemGuests {
  private SystemGuests() {}

  static List<SystemGuest> all() {
    return List.of(
            "exceptions32",
            "segments32",
            "gates32",
            "tasks32",
            "debug32",
            "vm86",
            "real",
            "paging32",
            "exceptions64",
            "debug64",
            "syscall64",
            "paging64",
            "translations64",
            "modes64",
            "extensions64",
            "interrupts64",
            "selfmodify64")
        .stream()
        .map(SystemGuest::new)
        .toList();
  }
}
