package org.wardian.display.vnc;

import java.io.IOException;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;
import org.wardian.display.keyboard.Pointing;
import org.wardian.display.keyboard.Typist;
import org.wardian.display.vnc.ClientState.Announcement;
import org.wardian.display.vnc.ClientState.Wishes;
import org.wardian.display.vnc.encoding.HextileEncoder;
import org.wardian.display.vnc.encoding.PixelFormat;
import org.wardian.display.vnc.encoding.RawEncoder;
import org.wardian.display.vnc.encoding.TightEncoder;
import org.wardian.display.vnc.encoding.ZrleEncoder;

/** Reads what a client says after the handshake (RFC 6143 §7.5, and QEMU's key event). */
final class ClientMessages implements AutoCloseable {
  /** The longest text of a clipboard that is skipped, in bytes; longer ones end the connection. */
  static final int LONGEST_CUT_TEXT = 1 << 20;

  private static final int SET_PIXEL_FORMAT = 0;
  private static final int SET_ENCODINGS = 2;
  private static final int UPDATE_REQUEST = 3;
  private static final int KEY_EVENT = 4;
  private static final int POINTER_EVENT = 5;
  private static final int CUT_TEXT = 6;
  private static final int SET_DESKTOP_SIZE = 251;
  private static final int QEMU = 255;
  private static final int QEMU_KEY_EVENT = 0;

  private static final int SCREEN_LENGTH = 16;

  private static final int DESKTOP_SIZE = -223;
  private static final int LEVEL_0 = -256;
  private static final int LEVEL_9 = -247;

  private final RfbInput in;
  private final ClientState state;
  private final Typist keys;
  private final Pointing pointer;

  ClientMessages(
      RfbInput in, ClientState state, KeyReceiver keyboard, PointerReceiver pointerReceiver) {
    this.in = in;
    this.state = state;
    this.keys = new Typist(keyboard);
    this.pointer = new Pointing(pointerReceiver);
  }

  /**
   * Reads a message and does what it says.
   *
   * @throws java.io.EOFException where the client went
   * @throws RfbException where the message is none
   */
  void read() throws IOException {
    int type = in.u8();
    switch (type) {
      case SET_PIXEL_FORMAT -> {
        in.skip(3);
        state.format(PixelFormat.read(in.bytes(PixelFormat.LENGTH)));
      }
      case SET_ENCODINGS -> encodings();
      case UPDATE_REQUEST -> updateRequest();
      case KEY_EVENT -> {
        boolean down = in.u8() != 0;
        in.skip(2);
        keys.symbol(in.i32(), down);
      }
      case POINTER_EVENT -> {
        int mask = in.u8();
        int x = in.u16();
        int y = in.u16();
        pointer.at(x, y, state.width(), state.height(), mask);
      }
      case CUT_TEXT -> cutText();
      case SET_DESKTOP_SIZE -> {
        in.skip(5);
        int screens = in.u8();
        in.skip(1 + (long) screens * SCREEN_LENGTH);
        if (!state.wishes().extendedDesktopSize()) {
          throw new RfbException("a client that does not understand sizes asked for another one");
        }
        state.announce(Announcement.RESIZE_REFUSED);
      }
      case QEMU -> extendedKey();
      default -> throw new RfbException("message of type " + type + ", which was not agreed on");
    }
  }

  private void encodings() throws IOException {
    in.skip(1);
    int count = in.u16();
    int encoding = -1;
    int level = -1;
    boolean desktopSize = false;
    boolean extendedDesktopSize = false;
    boolean extendedKeys = false;
    for (int i = 0; i < count; i++) {
      int number = in.i32();
      switch (number) {
        case RawEncoder.NUMBER, HextileEncoder.NUMBER, TightEncoder.NUMBER, ZrleEncoder.NUMBER ->
            encoding = encoding < 0 ? number : encoding;
        case DESKTOP_SIZE -> desktopSize = true;
        case UpdateWriter.EXTENDED_DESKTOP_SIZE -> extendedDesktopSize = true;
        case UpdateWriter.EXTENDED_KEYS -> extendedKeys = true;
        default -> {
          if (number >= LEVEL_0 && number <= LEVEL_9) {
            level = number - LEVEL_0;
          }
        }
      }
    }
    state.wishes(
        new Wishes(
            Math.max(encoding, RawEncoder.NUMBER),
            level,
            desktopSize,
            extendedDesktopSize,
            extendedKeys));
  }

  private void updateRequest() throws IOException {
    boolean incremental = in.u8() != 0;
    int x = in.u16();
    int y = in.u16();
    int width = in.u16();
    int height = in.u16();
    state.request(incremental, new Rectangle(x, y, width, height));
  }

  private void cutText() throws IOException {
    in.skip(3);
    long length = in.u32();
    if (length > LONGEST_CUT_TEXT) {
      throw new RfbException(
          "a clipboard of %d bytes; %d are the most".formatted(length, LONGEST_CUT_TEXT));
    }
    in.skip(length);
  }

  private void extendedKey() throws IOException {
    int type = in.u8();
    if (type != QEMU_KEY_EVENT) {
      throw new RfbException("message 255 of type " + type + ", which was not agreed on");
    }
    boolean down = in.u16() != 0;
    int symbol = in.i32();
    int number = in.i32();
    if (number == 0) {
      keys.symbol(symbol, down);
    } else {
      keys.number(number, down);
    }
  }

  /** Lets go of keys and buttons. */
  @Override
  public void close() {
    keys.close();
    pointer.close();
  }
}
