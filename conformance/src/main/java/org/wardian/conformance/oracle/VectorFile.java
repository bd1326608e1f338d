package org.wardian.conformance.oracle;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Cases with the host's answers in a file, so that they can be replayed on any host.
 *
 * <p>Gzip'ed. Magic number and version (32 bits each), number of vectors (32 bits), then each: size
 * of the code in bytes (8 bits), length of the instruction (8 bits) and its bytes, seed (64 bits),
 * the slots laid over the seeded state, fingerprint of the state (32 bits), exception vector (16
 * bits, -1 for none), error code (32 bits), faulting address, the slots after the instruction. A
 * list of slots is its length (16 bits), then slot (16 bits) and value each. A value is its length
 * in bytes (8 bits) and that many bytes, low first. Other numbers are big-endian.
 */
public final class VectorFile {
  private static final int MAGIC = 0x5756_4543;
  private static final int VERSION = 1;
  private static final int LONGEST_INSTRUCTION = 15;
  private static final int MOST_VECTORS = 10_000_000;

  private VectorFile() {}

  /** Writes vectors; the stream stays open. */
  static void write(List<OracleVector> vectors, OutputStream stream) throws IOException {
    GZIPOutputStream gzip = new GZIPOutputStream(stream);
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(gzip, 1 << 16));
    out.writeInt(MAGIC);
    out.writeInt(VERSION);
    out.writeInt(vectors.size());
    for (OracleVector vector : vectors) {
      OracleCase input = vector.input;
      out.writeByte(input.codeSize);
      out.writeByte(input.instruction.length);
      out.write(input.instruction);
      out.writeLong(input.seed);
      slots(out, input.slots, input.values);
      out.writeInt(vector.fingerprint);
      out.writeShort(vector.outcome.vector());
      out.writeInt(vector.outcome.errorCode());
      value(out, vector.outcome.address());
      slots(out, vector.slots, vector.values);
    }
    out.flush();
    gzip.finish();
  }

  private static void slots(DataOutputStream out, int[] slots, long[] values) throws IOException {
    out.writeShort(slots.length);
    for (int i = 0; i < slots.length; i++) {
      out.writeShort(slots[i]);
      value(out, values[i]);
    }
  }

  private static void value(DataOutputStream out, long value) throws IOException {
    int length = (71 - Long.numberOfLeadingZeros(value)) / 8;
    out.writeByte(length);
    for (int i = 0; i < length; i++) {
      out.writeByte((int) (value >>> (8 * i)));
    }
  }

  /**
   * Reads vectors to the end of the file.
   *
   * @throws IOException for anything but a whole, well-formed file of this version
   */
  static List<OracleVector> read(InputStream stream) throws IOException {
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(new GZIPInputStream(stream), 1 << 16));
    if (in.readInt() != MAGIC) {
      throw new IOException("not a file of oracle vectors");
    }
    int version = in.readInt();
    if (version != VERSION) {
      throw new IOException("version " + version + " of oracle vectors, known is " + VERSION);
    }
    int count = in.readInt();
    if (count < 0 || count > MOST_VECTORS) {
      throw new IOException(count + " oracle vectors");
    }
    List<OracleVector> vectors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      vectors.add(vector(in));
    }
    if (in.read() >= 0) {
      throw new IOException("more bytes than " + count + " oracle vectors");
    }
    return vectors;
  }

  private static OracleVector vector(DataInputStream in) throws IOException {
    int codeSize = in.readUnsignedByte();
    if (codeSize != 2 && codeSize != 4 && codeSize != 8) {
      throw new IOException("code size " + codeSize);
    }
    int length = in.readUnsignedByte();
    if (length < 1 || length > LONGEST_INSTRUCTION) {
      throw new IOException("instruction of " + length + " bytes");
    }
    byte[] instruction = new byte[length];
    in.readFully(instruction);
    long seed = in.readLong();
    int[] slots = new int[in.readUnsignedShort()];
    long[] values = slots(in, slots);
    OracleCase input = new OracleCase(seed, codeSize, instruction, slots, values);
    int fingerprint = in.readInt();
    Outcome outcome = new Outcome(in.readShort(), in.readInt(), value(in));
    int[] afterSlots = new int[in.readUnsignedShort()];
    long[] afterValues = slots(in, afterSlots);
    return new OracleVector(input, fingerprint, outcome, afterSlots, afterValues);
  }

  private static long[] slots(DataInputStream in, int[] slots) throws IOException {
    long[] values = new long[slots.length];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = in.readUnsignedShort();
      if (slots[i] >= Slots.COUNT) {
        throw new IOException("slot " + slots[i]);
      }
      values[i] = value(in);
    }
    return values;
  }

  private static long value(DataInputStream in) throws IOException {
    int length = in.readUnsignedByte();
    if (length > 8) {
      throw new IOException("value of " + length + " bytes");
    }
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (long) in.readUnsignedByte() << (8 * i);
    }
    return value;
  }
}
