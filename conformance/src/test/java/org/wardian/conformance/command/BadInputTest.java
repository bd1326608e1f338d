package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever ward is given, it answers in one line that says what to do, and leaves nothing behind.
 */
class BadInputTest {
  private static final int USAGE = 2;
  private static final int BAD_IMAGE = 3;
  private static final int DOWNLOAD = 4;
  private static final int STORAGE = 5;

  @TempDir private Path folder;
  private WardProcess.Start ward;

  @BeforeEach
  void start() throws IOException {
    ward = new WardProcess.Start(folder);
  }

  /** Runs ward and checks the form of its refusal. */
  private String refusal(int status, String... arguments) throws Exception {
    try (WardProcess process = ward.run(arguments)) {
      assertThat(process.status()).as(process.err()).isEqualTo(status);
      assertThat(process.out()).isEmpty();
      assertThat(process.err()).startsWith("ward: ").hasLineCount(1).doesNotContain("Exception");
      assertThat(ward.temporary()).isEmptyDirectory();
      return process.err();
    }
  }

  private String file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content).toString();
  }

  @Test
  void aMissingKernel() throws Exception {
    assertThat(refusal(BAD_IMAGE, "run", "--kernel", "/no/such/kernel"))
        .contains("/no/such/kernel");
  }

  @Test
  void anEmptyKernel() throws Exception {
    assertThat(refusal(BAD_IMAGE, "run", "--kernel", file("kernel", new byte[0])))
        .contains("empty");
  }

  @Test
  void aFolderForAKernel() throws Exception {
    assertThat(refusal(BAD_IMAGE, "run", "--kernel", folder.toString())).contains("directory");
  }

  @Test
  void aTextFileForAKernel() throws Exception {
    byte[] text = "#!/bin/sh\necho hello\n".getBytes(StandardCharsets.UTF_8);

    assertThat(refusal(BAD_IMAGE, "run", "--kernel", file("kernel", text)))
        .contains(folder.resolve("kernel").toString());
  }

  @Test
  void aKernelForAnotherProcessor() throws Exception {
    // Documentation/arch/arm64/booting.rst: the magic "ARM\x64" at 56.
    byte[] image = new byte[4096];
    ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putInt(56, 0x644d5241);

    assertThat(refusal(BAD_IMAGE, "run", "--kernel", file("Image", image)))
        .containsIgnoringCase("arm64");
  }

  @Test
  void aTruncatedKernel() throws Exception {
    // Documentation/arch/x86/boot.rst: the header of a bzImage with 30 more sectors of setup.
    byte[] image = new byte[1024];
    ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    header.put(0x1f1, (byte) 30).putShort(0x1fe, (short) 0xaa55);
    header.putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);

    assertThat(refusal(BAD_IMAGE, "run", "--kernel", file("bzImage", image)))
        .contains(folder.resolve("bzImage").toString());
  }

  @Test
  void aMissingInitrd() throws Exception {
    String kernel = new TinyGuest().spin().in(folder);

    assertThat(refusal(BAD_IMAGE, "run", "--kernel", kernel, "--initrd", "/no/such/initrd"))
        .contains("/no/such/initrd");
  }

  @Test
  void anInitrdLargerThanTheMemory() throws Exception {
    String kernel = new TinyGuest().spin().in(folder);
    byte[] content = new byte[20 << 20];
    Arrays.fill(content, (byte) 'x');

    assertThat(
            refusal(
                BAD_IMAGE,
                "run",
                "--kernel",
                kernel,
                "--initrd",
                file("initrd", content),
                "--memory",
                "16M"))
        .contains("memory");
  }

  @Test
  void aMemoryOfOneMebibyte() throws Exception {
    String kernel = new TinyGuest().spin().in(folder);

    assertThat(refusal(BAD_IMAGE, "run", "--kernel", kernel, "--memory", "1M")).contains("memory");
  }

  @Test
  void anUnknownOption() throws Exception {
    assertThat(refusal(USAGE, "run", "--kernal", "x")).contains("--kernel");
  }

  @Test
  void anUnknownProcessorModel() throws Exception {
    String kernel = new TinyGuest().spin().in(folder);

    assertThat(refusal(USAGE, "run", "--kernel", kernel, "--cpu-model", "z80"))
        .contains("z80")
        .contains("x86-64-v2");
  }

  @Test
  void anUnknownDevice() throws Exception {
    String kernel = new TinyGuest().spin().in(folder);

    assertThat(refusal(USAGE, "run", "--kernel", kernel, "--device", "floppy"))
        .contains("floppy")
        .contains("testdev");
  }

  @Test
  void aMirrorThatCannotBeReached() throws Exception {
    assertThat(refusal(DOWNLOAD, "run")).contains("127.0.0.1");
    assertThat(folder.resolve("out")).isEmptyFile();
  }

  @Test
  void aCacheThatIsAFile() throws Exception {
    Files.writeString(ward.cache(), "in the way");

    assertThat(refusal(STORAGE, "image", "pull")).contains(ward.cache().toString());
  }
}
