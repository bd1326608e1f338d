package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.processor.Exit;

/** What is asked for of the translated blocks is written down. */
class BlockDumpTest {
  // add rax, 5; mov [rdi], rax; hlt
  private static final String GUEST = "4883c005 488907 f4";

  @TempDir private Path folder;

  @AfterEach
  void cancel() {
    BlockDump.cancel();
  }

  private String dump(String selector) throws IOException {
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
    Path file = folder.resolve("blocks.txt");
    BlockDump.request(selector, file);
    try (SoftwareGuest guest = new SoftwareGuest()) {
      guest.code(SoftwareGuest.CODE, GUEST.replace(" ", ""));
      SoftwareVcpu vcpu = guest.add(true);
      guest.start(vcpu, SoftwareGuest.CODE);
      assertThat(vcpu.run()).isEqualTo(Exit.HALTED);
      assertThat(guest.get(SoftwareGuest.DATA)).isEqualTo(5);
    }
    return Files.exists(file) ? Files.readString(file) : "";
  }

  @Test
  void allBlocksAreWrittenWithGuestAndHostCode() throws IOException {
    String text = dump("all");
    assertThat(text).contains("block 0000000000010000", "in use", "add rax,0x5", "instruction 0");
    assertThat(text).contains("reproduce rip=0000000000010000 kernel=true code=4883c005488907");
  }

  @Test
  void aBlockIsFoundByAnAddressInIt() throws IOException {
    assertThat(dump("fff, 0x10004")).contains("block 0000000000010000");
  }

  @Test
  void otherBlocksAreNotWritten() throws IOException {
    assertThat(dump("20000")).isEmpty();
  }

  @Test
  void whatIsNoAddressIsRefused() {
    for (String selector : new String[] {"", "every", "0x", "1,,2", "10000000000000000"}) {
      assertThatIllegalArgumentException()
          .as(selector)
          .isThrownBy(() -> BlockDump.request(selector, folder.resolve("x")));
    }
  }
}
