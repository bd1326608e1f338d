package org.wardian.x86;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes the listings that {@link ObjdumpTest} keeps: one plain and one decorated sample of every
 * form in each code size, with objdump's text. Run it by hand after rows were added to the table;
 * its argument is the file.
 */
final class ObjdumpListingWriter {
  private ObjdumpListingWriter() {}

  public static void main(String[] arguments) throws IOException {
    List<String> rows = new ArrayList<>();
    rows.add("# GNU objdump -M intel: code size | address | bytes | text");
    for (int codeSize : new int[] {2, 4, 8}) {
      SplittableRandom random = new SplittableRandom(codeSize);
      List<byte[]> samples = ObjdumpTest.samples(random, codeSize, 1, false);
      samples.addAll(ObjdumpTest.samples(random, codeSize, 1, true));
      byte[] code = ObjdumpTest.slots(samples);
      for (Objdump.Line line : ObjdumpTest.firstLines(code, codeSize)) {
        byte[] sample = samples.get(line.offset() / ObjdumpTest.SLOT);
        if (line.length() == sample.length && agrees(code, codeSize, line)) {
          byte[] bytes = Arrays.copyOfRange(code, line.offset(), line.offset() + line.length());
          rows.add(
              "%d | %x | %s | %s"
                  .formatted(
                      codeSize, line.offset(), HexFormat.of().formatHex(bytes), line.text()));
        }
      }
    }
    Files.write(Path.of(arguments[0]), rows);
  }

  /** Only what needs no excuse is kept, so that the test needs none. */
  private static boolean agrees(byte[] code, int codeSize, Objdump.Line line) {
    Decoder decoder = new Decoder(CpuModel.standard());
    Instruction instruction = new Instruction();
    int result = decoder.decode(code, line.offset(), Decoder.MAX_LENGTH, codeSize, instruction);
    String ours = result == Decoder.OK ? Disassembler.text(instruction, line.offset()) : "rejected";
    boolean same = ObjdumpDialect.normalize(ours).equals(ObjdumpDialect.normalize(line.text()));
    if (!same && !ObjdumpDialect.excuses(instruction, ours, line)) {
      throw new IllegalStateException(line + ", but ours is " + ours);
    }
    return same;
  }
}
