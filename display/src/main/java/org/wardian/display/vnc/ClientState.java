package org.wardian.display.vnc;

import java.util.ArrayDeque;
import java.util.List;
import org.wardian.display.vnc.encoding.PixelFormat;

/**
 * What a client wants: written by the thread that reads its messages, read by the one that sends
 * updates. However many requests come, they are one.
 */
final class ClientState {
  /** Capabilities and wishes, from one SetEncodings. */
  record Wishes(
      int encoding,
      int level,
      boolean desktopSize,
      boolean extendedDesktopSize,
      boolean extendedKeys) {
    static final Wishes NONE = new Wishes(0, -1, false, false, false);
  }

  /**
   * An update that the client waits for.
   *
   * @param region where it wants to see changes
   * @param whole where it wants to see everything; empty for nowhere
   */
  record UpdateRequest(Rectangle region, Rectangle whole) {}

  /** Announcements that go out before the next update. */
  enum Announcement {
    COLOUR_MAP,
    EXTENDED_KEYS,
    SIZE,
    RESIZE_REFUSED
  }

  private static final int MOST_ANNOUNCEMENTS = 16;

  private PixelFormat format = PixelFormat.SERVER;
  private Wishes wishes = Wishes.NONE;
  private UpdateRequest request;
  private final ArrayDeque<Announcement> announcements = new ArrayDeque<>();
  private boolean closed;

  // The size that the client knows, which is where its pointer moves.
  private int width;
  private int height;

  ClientState(int width, int height) {
    this.width = width;
    this.height = height;
  }

  synchronized void resize(int newWidth, int newHeight) {
    width = newWidth;
    height = newHeight;
  }

  synchronized int width() {
    return width;
  }

  synchronized int height() {
    return height;
  }

  synchronized void format(PixelFormat newFormat) {
    format = newFormat;
    if (newFormat.mapped()) {
      announce(Announcement.COLOUR_MAP);
    }
  }

  synchronized PixelFormat format() {
    return format;
  }

  synchronized void wishes(Wishes newWishes) {
    if (newWishes.extendedKeys && !wishes.extendedKeys) {
      announce(Announcement.EXTENDED_KEYS);
    }
    if (newWishes.extendedDesktopSize && !wishes.extendedDesktopSize) {
      announce(Announcement.SIZE);
    }
    wishes = newWishes;
  }

  synchronized Wishes wishes() {
    return wishes;
  }

  /** Says something once, if not so much is waiting that the client cannot be reading. */
  synchronized void announce(Announcement announcement) {
    boolean repeated =
        announcement != Announcement.RESIZE_REFUSED && announcements.contains(announcement);
    if (!repeated && announcements.size() < MOST_ANNOUNCEMENTS) {
      announcements.add(announcement);
      notifyAll();
    }
  }

  synchronized List<Announcement> takeAnnouncements() {
    List<Announcement> taken = List.copyOf(announcements);
    announcements.clear();
    return taken;
  }

  /** Asks for an update. */
  synchronized void request(boolean incremental, Rectangle region) {
    request(new UpdateRequest(region, incremental ? Rectangle.EMPTY : region));
  }

  /** Asks for one update that does for this request and those that wait. */
  synchronized void request(UpdateRequest more) {
    request =
        request == null
            ? more
            : new UpdateRequest(request.region.with(more.region), request.whole.with(more.whole));
    notifyAll();
  }

  /** The update that the client waits for, which is ours to send; null for none. */
  synchronized UpdateRequest takeRequest() {
    UpdateRequest taken = request;
    request = null;
    return taken;
  }

  /** Waits until there is something to send. False where the client is gone. */
  synchronized boolean await() throws InterruptedException {
    while (!closed && request == null && announcements.isEmpty()) {
      wait();
    }
    return !closed;
  }

  /** Waits for a time, or until there is something to announce, or the client is gone. */
  synchronized void pause(long milliseconds) throws InterruptedException {
    long end = System.nanoTime() + milliseconds * 1_000_000;
    long left = milliseconds;
    while (!closed && announcements.isEmpty() && left > 0) {
      wait(left);
      left = (end - System.nanoTime()) / 1_000_000;
    }
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
