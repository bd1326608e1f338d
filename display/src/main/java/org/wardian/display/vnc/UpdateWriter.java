package org.wardian.display.vnc;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.display.vnc.ClientState.Announcement;
import org.wardian.display.vnc.ClientState.UpdateRequest;
import org.wardian.display.vnc.ClientState.Wishes;
import org.wardian.display.vnc.encoding.HextileEncoder;
import org.wardian.display.vnc.encoding.PixelFormat;
import org.wardian.display.vnc.encoding.RawEncoder;
import org.wardian.display.vnc.encoding.RectangleEncoder;
import org.wardian.display.vnc.encoding.RfbOutput;
import org.wardian.display.vnc.encoding.TightEncoder;
import org.wardian.display.vnc.encoding.ZrleEncoder;

/** Sends a client what it waits for (RFC 6143 §7.6). For one thread. */
final class UpdateWriter implements AutoCloseable {
  static final int EXTENDED_DESKTOP_SIZE = -308;
  static final int EXTENDED_KEYS = -258;
  private static final int DESKTOP_SIZE = -223;

  private static final int UPDATE = 0;
  private static final int SET_COLOUR_MAP = 1;

  // Why a size is told (RFB registry, ExtendedDesktopSize), and how the wish for one ended.
  private static final int BY_SERVER = 0;
  private static final int BY_THIS_CLIENT = 1;
  private static final int DONE = 0;
  private static final int PROHIBITED = 1;

  private final RfbOutput out;
  private final ClientState state;
  private final Canvas canvas;
  private final Damage damage;
  private final Map<Integer, RectangleEncoder> encoders = new HashMap<>();
  private int[] pixels = new int[0];

  // The size that the client knows.
  private int width;
  private int height;

  /** The screen's size when the client was last told one, or shown what fits into its own. */
  private Rectangle shown;

  UpdateWriter(RfbOutput out, ClientState state, Canvas canvas, Damage damage) {
    this.out = out;
    this.state = state;
    this.canvas = canvas;
    this.damage = damage;
    this.width = state.width();
    this.height = state.height();
    this.shown = new Rectangle(0, 0, width, height);
  }

  /**
   * Sends announcements, and an update where the client waits for one and something changed.
   *
   * @return whether the client waits still
   */
  boolean write() throws IOException {
    boolean announced = false;
    for (Announcement announcement : state.takeAnnouncements()) {
      announce(announcement);
      announced = true;
    }
    UpdateRequest request = state.takeRequest();
    boolean sent = request != null && answer(request);
    if (announced || sent) {
      out.flush();
    }
    if (request != null && !sent) {
      state.request(request);
      return true;
    }
    return false;
  }

  private void announce(Announcement announcement) throws IOException {
    switch (announcement) {
      case COLOUR_MAP -> colourMap();
      case EXTENDED_KEYS -> {
        updateHeader(1);
        out.rectangle(0, 0, width, height, EXTENDED_KEYS);
      }
      case SIZE -> {
        updateHeader(1);
        extendedSize(BY_SERVER, DONE);
      }
      case RESIZE_REFUSED -> {
        updateHeader(1);
        extendedSize(BY_THIS_CLIENT, PROHIBITED);
      }
    }
  }

  private void updateHeader(int rectangles) throws IOException {
    out.u8(UPDATE);
    out.u8(0);
    out.u16(rectangles);
  }

  private void colourMap() throws IOException {
    out.u8(SET_COLOUR_MAP);
    out.u8(0);
    out.u16(0);
    out.u16(256);
    for (int index = 0; index < 256; index++) {
      int colour = PixelFormat.mapColour(index);
      // 16 bits each: 255 becomes 65535.
      out.u16((colour >> 16 & 0xff) * 257);
      out.u16((colour >> 8 & 0xff) * 257);
      out.u16((colour & 0xff) * 257);
    }
  }

  /** One screen, as large as the frame buffer. */
  private void extendedSize(int reason, int status) throws IOException {
    out.rectangle(reason, status, width, height, EXTENDED_DESKTOP_SIZE);
    out.u8(1);
    out.bytes(new byte[3]);
    out.i32(0);
    out.u16(0);
    out.u16(0);
    out.u16(width);
    out.u16(height);
    out.i32(0);
  }

  /** False where nothing changed. */
  private boolean answer(UpdateRequest request) throws IOException {
    canvas.look();
    Wishes wishes = state.wishes();
    Rectangle size = canvas.size();
    boolean all = false;
    if (!size.equals(shown)) {
      shown = size;
      if (wishes.extendedDesktopSize() || wishes.desktopSize()) {
        resize(size, wishes);
        return true;
      }
      all = true;
    }
    List<Rectangle> changed = new ArrayList<>();
    if (all) {
      // What is outside of the new screen becomes black.
      pieces(changed);
      canvas.take(damage, size);
    } else {
      canvas.mark(damage, request.whole());
      for (Rectangle each : canvas.take(damage, request.region())) {
        Rectangle part = each.within(width, height);
        if (!part.isEmpty()) {
          changed.add(part);
        }
      }
    }
    if (changed.isEmpty()) {
      return false;
    }
    rectangles(changed, wishes);
    return true;
  }

  private void resize(Rectangle size, Wishes wishes) throws IOException {
    width = size.width();
    height = size.height();
    state.resize(width, height);
    canvas.mark(damage, size);
    updateHeader(1);
    if (wishes.extendedDesktopSize()) {
      extendedSize(BY_SERVER, DONE);
    } else {
      out.rectangle(0, 0, width, height, DESKTOP_SIZE);
    }
  }

  /** All of the client's frame buffer, in pieces that an encoder takes. */
  private void pieces(List<Rectangle> to) {
    int tallest = RectangleEncoder.LARGEST / RectangleEncoder.WIDEST;
    for (int y = 0; y < height; y += tallest) {
      for (int x = 0; x < width; x += RectangleEncoder.WIDEST) {
        to.add(new Rectangle(x, y, RectangleEncoder.WIDEST, tallest).within(width, height));
      }
    }
  }

  private void rectangles(List<Rectangle> changed, Wishes wishes) throws IOException {
    PixelFormat format = state.format();
    RectangleEncoder encoder = encoder(wishes.encoding());
    if (wishes.level() >= 0) {
      encoder.level(wishes.level());
    }
    // The count is known: LastRect, which vncsnapshot takes for an empty rectangle, is not needed.
    updateHeader(changed.size());
    for (Rectangle each : changed) {
      int count = each.width() * each.height();
      if (pixels.length < count) {
        pixels = new int[count];
      }
      canvas.copy(each, pixels);
      format.translate(pixels, count);
      out.rectangle(each.x(), each.y(), each.width(), each.height(), encoder.number());
      encoder.encode(pixels, each.width(), each.height(), format, out);
    }
  }

  private RectangleEncoder encoder(int number) {
    return encoders.computeIfAbsent(
        number,
        each ->
            switch (each) {
              case HextileEncoder.NUMBER -> new HextileEncoder();
              case TightEncoder.NUMBER -> new TightEncoder();
              case ZrleEncoder.NUMBER -> new ZrleEncoder();
              default -> new RawEncoder();
            });
  }

  @Override
  public void close() {
    encoders.values().forEach(RectangleEncoder::close);
  }
}
