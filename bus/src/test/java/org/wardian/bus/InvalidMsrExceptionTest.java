package org.wardian.bus;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InvalidMsrExceptionTest {
  @Test
  void namesTheRegisterAndCarriesNoStackTrace() {
    InvalidMsrException exception = new InvalidMsrException(0x6e0);
    assertThat(exception.index()).isEqualTo(0x6e0);
    assertThat(exception).hasMessage("invalid access to MSR 0x6e0");
    assertThat(exception.getStackTrace()).isEmpty();
  }
}
