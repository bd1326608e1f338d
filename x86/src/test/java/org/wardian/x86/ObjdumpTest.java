package org.wardian.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Decoder and disassembler against GNU objdump: where there is one, over random bytes, samples of
 * every form and the Java machine's own code; everywhere, over listings that were kept.
 */
class ObjdumpTest {
  /** Bytes of a slot that holds one sample; the NOPs behind it bring objdump back into step. */
  static final int SLOT = 32;

  private static final int RANDOM_BYTES = Integer.getInteger("wardian.objdump.bytes", 50_000);

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void randomBytes(int codeSize) throws IOException {
    assumeTrue(Objdump.isPresent(), "no objdump");
    byte[] code = new byte[RANDOM_BYTES];
    new SplittableRandom(codeSize).nextBytes(code);
    assertAgreement(code, codeSize, Objdump.disassemble(code, codeSize), code.length / 5);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void samplesOfEveryForm(int codeSize) throws IOException {
    assumeTrue(Objdump.isPresent(), "no objdump");
    SplittableRandom random = new SplittableRandom(codeSize);
    byte[] code = slots(samples(random, codeSize, 4, true));
    assertAgreement(code, codeSize, firstLines(code, codeSize), code.length / SLOT - 1);
  }

  @Test
  void compiledCode() throws IOException {
    assumeTrue(Objdump.isPresent(), "no objdump");
    Path machine = Path.of(System.getProperty("java.home"), "lib", "server", "libjvm.so");
    assumeTrue(
        Files.exists(machine) && System.getProperty("os.arch").equals("amd64"), "no x86-64 code");
    byte[] code = new byte[400_000];
    try (InputStream in = Files.newInputStream(machine)) {
      // Code lies in the middle of the library; the exact place does not matter.
      in.skipNBytes(Files.size(machine) / 2);
      assertThat(in.readNBytes(code, 0, code.length)).isEqualTo(code.length);
    }
    assertAgreement(code, 8, Objdump.disassemble(code, 8), code.length / 10);
  }

  @Test
  void keptListings() throws IOException {
    List<String> rows;
    try (InputStream in = ObjdumpTest.class.getResourceAsStream("objdump-listings.txt")) {
      rows = new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    }
    Decoder decoder = new Decoder(CpuModel.standard());
    Instruction instruction = new Instruction();
    List<String> failures = new ArrayList<>();
    int checked = 0;
    for (String row : rows) {
      if (row.startsWith("#")) {
        continue;
      }
      String[] columns = row.split(" \\| ");
      int codeSize = Integer.parseInt(columns[0]);
      long address = Long.parseLong(columns[1], 16);
      byte[] code = HexFormat.of().parseHex(columns[2]);
      int result = decoder.decode(code, 0, code.length, codeSize, instruction);
      String text = result == Decoder.OK ? Disassembler.text(instruction, address) : "rejected";
      checked++;
      if (instruction.length != code.length
          || !ObjdumpDialect.normalize(text).equals(ObjdumpDialect.normalize(columns[3]))) {
        failures.add(row + " but ours is " + text);
      }
    }
    assertThat(failures).isEmpty();
    assertThat(checked).isGreaterThan(2000);
  }

  private static void assertAgreement(
      byte[] code, int codeSize, List<Objdump.Line> lines, int least) {
    assertThat(lines).hasSizeGreaterThanOrEqualTo(least);
    List<String> differences = ObjdumpDialect.differences(code, codeSize, lines);
    assertThat(differences).as("differences in code of size %s", codeSize).isEmpty();
  }

  /** {@code each} samples of every form of the default model. */
  static List<byte[]> samples(SplittableRandom random, int codeSize, int each, boolean decorated) {
    FormSampler sampler = new FormSampler();
    List<byte[]> samples = new ArrayList<>();
    for (Form form : InstructionTable.forms()) {
      if (form.validIn(codeSize) && CpuModel.standard().has(form)) {
        for (int i = 0; i < each; i++) {
          samples.add(sampler.sample(form, random, codeSize, decorated));
        }
      }
    }
    return samples;
  }

  static byte[] slots(List<byte[]> samples) {
    ByteArrayOutputStream code = new ByteArrayOutputStream();
    for (byte[] sample : samples) {
      byte[] slot = Arrays.copyOf(sample, SLOT);
      Arrays.fill(slot, sample.length, SLOT, (byte) 0x90);
      code.writeBytes(slot);
    }
    return code.toByteArray();
  }

  /** objdump's lines at the starts of the slots. */
  static List<Objdump.Line> firstLines(byte[] code, int codeSize) throws IOException {
    return Objdump.disassemble(code, codeSize).stream()
        .filter(line -> line.offset() % SLOT == 0)
        .toList();
  }
}
