package org.wardian.chipset;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a CD-ROM and DVD-ROM drive answers to questions about itself and its disc (MMC-5 §6, SPC-3
 * §6), behind ATA or on a SCSI host.
 */
public final class AtapiReplies {
  private static final int LEAD_OUT = 0xaa;
  private static final int DATA_TRACK = 0x14;

  /** Seconds before the first sector, in frames of 1/75 s. */
  private static final int PREGAP = 150;

  private static final int FRAMES = 75;

  /** Longer media are DVDs. */
  private static final long LONGEST_CD = 80L * 60 * FRAMES + 30000;

  private static final int PROFILE_CD_ROM = 0x08;
  private static final int PROFILE_DVD_ROM = 0x10;

  private AtapiReplies() {}

  private static byte[] ascii(String text, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) ' ');
    byte[] known = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(known, 0, bytes, 0, Math.min(length, known.length));
    return bytes;
  }

  /** Standard INQUIRY data. */
  public static byte[] inquiry() {
    return ByteBuffer.allocate(36)
        .put(new byte[] {5, (byte) 0x80, 5, 0x32, 31, 0, 0, 0})
        .put(ascii("WARDIAN", 8))
        .put(ascii("DVD-ROM", 16))
        .put(ascii("1.0", 4))
        .array();
  }

  /** A page of vital product data, or null. */
  public static byte[] vitalPage(int page, String serial) {
    byte[] content =
        switch (page) {
          case 0x00 -> new byte[] {0x00, (byte) 0x80};
          case 0x80 -> ascii(serial, 20);
          default -> null;
        };
    return content == null
        ? null
        : ByteBuffer.allocate(4 + content.length)
            .put(new byte[] {5, (byte) page, 0, (byte) content.length})
            .put(content)
            .array();
  }

  /** READ CAPACITY (10). */
  public static byte[] capacity(long sectors) {
    return ByteBuffer.allocate(8)
        .putInt((int) Math.min(sectors - 1, 0xffffffffL))
        .putInt(AtapiDrive.SECTOR)
        .array();
  }

  /**
   * Mode pages with their header, or null where there is no such page.
   *
   * @param changeable whether the mask of what can be changed is asked for: nothing
   * @param wide the header of MODE SENSE (10)
   */
  public static byte[] modePages(int page, boolean changeable, boolean locked, boolean wide) {
    ByteArrayOutputStream pages = new ByteArrayOutputStream();
    if (page == 0x01 || page == 0x3f) {
      pages.writeBytes(new byte[] {0x01, 6, 0, 5, 0, 0, 0, 0});
    }
    if (page == 0x0e || page == 0x3f) {
      pages.writeBytes(new byte[] {0x0e, 14, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    }
    if (page == 0x1a || page == 0x3f) {
      pages.writeBytes(new byte[] {0x1a, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    }
    if (page == 0x2a || page == 0x3f) {
      // Reads CD-R, CD-RW, DVD-ROM; multi-session, mode 2; locks, tray loader; 50x, 512 KiB.
      ByteBuffer capabilities = ByteBuffer.allocate(22).put((byte) 0x2a).put((byte) 20);
      capabilities.put(new byte[] {0x3b, 0, 0x70, 0, (byte) (0x29 | (locked ? 2 : 0)), 0});
      capabilities.putShort((short) 8467).putShort((short) 2).putShort((short) 512);
      capabilities.putShort((short) 8467);
      pages.writeBytes(capabilities.array());
    }
    byte[] body = pages.toByteArray();
    if (body.length == 0) {
      return null;
    }
    if (changeable) {
      for (int at = 0; at < body.length; ) {
        int end = at + 2 + body[at + 1];
        Arrays.fill(body, at + 2, end, (byte) 0);
        at = end;
      }
    }
    ByteBuffer reply = ByteBuffer.allocate((wide ? 8 : 4) + body.length);
    if (wide) {
      reply.putShort((short) (6 + body.length)).position(8);
    } else {
      reply.put((byte) (3 + body.length)).position(4);
    }
    return reply.put(body).array();
  }

  private static void address(ByteBuffer out, long sector, boolean minutes) {
    if (!minutes) {
      out.putInt((int) sector);
      return;
    }
    long frame = sector + PREGAP;
    out.put((byte) 0)
        .put((byte) (frame / FRAMES / 60))
        .put((byte) (frame / FRAMES % 60))
        .put((byte) (frame % FRAMES));
  }

  /** Table of contents of one data track, or null for a track that does not exist. */
  public static byte[] toc(int first, boolean minutes, long sectors) {
    if (first > 1 && first != LEAD_OUT) {
      return null;
    }
    ByteBuffer reply = ByteBuffer.allocate(20).putShort((short) 0).put((byte) 1).put((byte) 1);
    if (first <= 1) {
      reply.put(new byte[] {0, DATA_TRACK, 1, 0});
      address(reply, 0, minutes);
    }
    reply.put(new byte[] {0, DATA_TRACK, (byte) LEAD_OUT, 0});
    address(reply, sectors, minutes);
    reply.putShort(0, (short) (reply.position() - 2));
    return Arrays.copyOf(reply.array(), reply.position());
  }

  /** The one session of a disc. */
  public static byte[] sessions(boolean minutes) {
    ByteBuffer reply = ByteBuffer.allocate(12).putShort((short) 10).put((byte) 1).put((byte) 1);
    reply.put(new byte[] {0, DATA_TRACK, 1, 0});
    address(reply, 0, minutes);
    return reply.array();
  }

  /** The raw table of contents: first and last track, lead-out, the track. */
  public static byte[] fullToc(long sectors) {
    ByteBuffer reply = ByteBuffer.allocate(4 + 4 * 11);
    reply.putShort((short) (2 + 4 * 11)).put((byte) 1).put((byte) 1);
    for (int point : new int[] {0xa0, 0xa1, 0xa2, 1}) {
      reply.put(new byte[] {1, DATA_TRACK, 0, (byte) point, 0, 0, 0});
      switch (point) {
        case 0xa2 -> address(reply, sectors, true);
        case 1 -> address(reply, 0, true);
        default -> reply.put(new byte[] {0, 1, 0, 0});
      }
    }
    return reply.array();
  }

  /** READ DISC INFORMATION: finalised, one session. */
  public static byte[] discInformation() {
    byte[] reply = new byte[34];
    reply[1] = 32;
    reply[2] = 0x0e; // complete
    reply[3] = 1;
    reply[4] = 1;
    reply[5] = 1;
    reply[6] = 1;
    reply[7] = 0x20; // unrestricted use
    return reply;
  }

  /** READ TRACK INFORMATION of the one track. */
  public static byte[] trackInformation(long sectors) {
    return ByteBuffer.allocate(36)
        .putShort((short) 34)
        .put(new byte[] {1, 1, 0, 4, 1, 0})
        .putInt(0)
        .putInt(0)
        .putInt(0)
        .putInt(0)
        .putInt((int) sectors)
        .array();
  }

  /** Features of the drive (§5): the list of profiles and what every such drive can. */
  public static byte[] configuration(boolean loaded, long sectors, byte[] p, ByteBuffer fields) {
    int current = !loaded ? 0 : sectors > LONGEST_CD ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
    int first = fields.getShort(2) & 0xffff;
    int type = p[1] & 3;
    ByteArrayOutputStream features = new ByteArrayOutputStream();
    boolean cd = current == PROFILE_CD_ROM;
    boolean dvd = current == PROFILE_DVD_ROM;
    feature(
        features,
        first,
        type,
        0x0000,
        0x03,
        new byte[] {
          0, PROFILE_DVD_ROM, (byte) (dvd ? 1 : 0), 0, 0, PROFILE_CD_ROM, (byte) (cd ? 1 : 0), 0
        });
    feature(features, first, type, 0x0001, 0x0b, new byte[] {0, 0, 0, 2, 1, 0, 0, 0});
    feature(features, first, type, 0x0003, 0x03, new byte[] {0x29, 0, 0, 0});
    if (loaded || type == 0) {
      byte[] readable = {0, 0, 8, 0, 0, 1, 0, 0};
      feature(features, first, type, 0x0010, loaded ? 1 : 0, readable);
      feature(features, first, type, 0x001e, cd ? 9 : 8, new byte[4]);
      feature(features, first, type, 0x001f, dvd ? 1 : 0, new byte[4]);
    }
    feature(features, first, type, 0x0100, 0x03, new byte[0]);
    byte[] body = features.toByteArray();
    return ByteBuffer.allocate(8 + body.length)
        .putInt(4 + body.length)
        .putShort((short) 0)
        .putShort((short) current)
        .put(body)
        .array();
  }

  /** Request type 0 lists all features, 1 the current ones, 2 the first alone. */
  private static void feature(
      ByteArrayOutputStream out, int first, int type, int code, int flags, byte[] content) {
    boolean wanted = type == 2 ? code == first : code >= first;
    if (wanted && (type != 1 || (flags & 1) != 0)) {
      out.write(code >> 8);
      out.write(code);
      out.write(flags);
      out.write(content.length);
      out.writeBytes(content);
    }
  }

  /** GET EVENT STATUS NOTIFICATION: of the media class, or of none. */
  public static byte[] event(boolean media, boolean open, boolean loaded, boolean changed) {
    if (!media) {
      return new byte[] {0, 2, (byte) 0x80, 0x10};
    }
    int event = changed && loaded ? 2 : 0;
    int status = (open ? 1 : 0) | (loaded ? 2 : 0);
    return new byte[] {0, 6, 4, 0x10, (byte) event, (byte) status, 0, 0};
  }

  /** MECHANISM STATUS. */
  public static byte[] mechanism(boolean open) {
    return new byte[] {0, (byte) (open ? 0x10 : 0), 0, 0, 0, 1, 0, 0};
  }

  /** READ DVD STRUCTURE: the physical format of a DVD, or null. */
  public static byte[] dvdStructure(int format, long sectors) {
    if (sectors <= LONGEST_CD || format != 0) {
      return null;
    }
    ByteBuffer reply = ByteBuffer.allocate(4 + 2048).putShort((short) 2050).putShort((short) 0);
    reply.put(new byte[] {1, 0x0f, 1, 0});
    reply.putInt(0x030000).putInt((int) (0x030000 + sectors - 1)).putInt(0);
    return reply.array();
  }
}
