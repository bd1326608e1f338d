package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether a document lets its guest sleep with its memory kept. */
class SleepStatesTest {
  @ParameterizedTest
  @CsvSource({
    "<features><acpi/></features>, true",
    "<features><acpi/></features><pm><suspend-to-mem enabled=\"yes\"/></pm>, true",
    "<features><acpi/></features><pm><suspend-to-mem enabled=\"no\"/></pm>, false",
    "<features><acpi/></features><pm><suspend-to-disk enabled=\"no\"/></pm>, true",
    "<features><apic/></features>, false",
    "<pm><suspend-to-mem enabled=\"yes\"/></pm>, false"
  })
  void itNeedsAcpiAndNobodysNo(String elements, boolean sleeps) throws Exception {
    DomainDocument document =
        DomainDocument.read(
            "<domain type='qemu'><name>d</name><memory>65536</memory>"
                + "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
                + elements
                + "</domain>");
    assertThat(document.canSleep()).isEqualTo(sleeps);
  }
}
