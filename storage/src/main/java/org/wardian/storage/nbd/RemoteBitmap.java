package org.wardian.storage.nbd;

import java.io.IOException;

/** A dirty bitmap of an export, as its server shows it: what a backup program reads. */
public final class RemoteBitmap implements DirtyBitmapView, AutoCloseable {
  /** Bytes that are asked for at once. */
  private static final long WINDOW = 1L << 30;

  private final ClientSession session;

  private RemoteBitmap(ClientSession session) {
    this.session = session;
  }

  /**
   * Connects to an export to read one of its bitmaps.
   *
   * @throws IOException where the server refuses, or has no such bitmap; with the URI
   */
  public static RemoteBitmap open(NbdUri uri, String name) throws IOException {
    ClientSession session = ClientSession.open(uri, false, MetaContexts.BITMAP + name);
    if (session.agreement().contexts().isEmpty()) {
      session.close();
      throw new ProtocolException(uri + ": the server shows no bitmap '" + name + "'");
    }
    return new RemoteBitmap(session);
  }

  /** Bytes of the disk. */
  public long length() {
    return session.agreement().size();
  }

  @Override
  public Run run(long offset, long length) throws IOException {
    long asked = Math.min(length, WINDOW);
    Call call = session.carryOut(0, Protocol.CMD_BLOCK_STATUS, offset, asked, null, null);
    boolean dirty = (call.statuses.getFirst().flags() & Protocol.STATE_DIRTY) != 0;
    long run = 0;
    for (Call.Status status : call.statuses) {
      if ((status.flags() & Protocol.STATE_DIRTY) != 0 != dirty) {
        break;
      }
      run += status.length();
    }
    return new Run(run, dirty);
  }

  @Override
  public void close() {
    session.close();
  }

  @Override
  public String toString() {
    return "a bitmap of " + session.uri();
  }
}
