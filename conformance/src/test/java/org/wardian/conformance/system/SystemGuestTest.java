package org.wardian.conformance.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Our machine prints, line by line, what a processor does. */
class SystemGuestTest {
  static List<SystemGuest> guests() {
    return SystemGuests.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("guests")
  void observesWhatTheManualSays(SystemGuest guest) throws Exception {
    assertThat(Expectation.linesOf(guest.run())).isEqualTo(guest.expectation().lines());
  }
}
