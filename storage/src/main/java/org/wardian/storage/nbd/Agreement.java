package org.wardian.storage.nbd;

import java.util.List;

/**
 * What a client has agreed on with the server.
 *
 * @param export the disk
 * @param size its bytes
 * @param structured whether answers are structured
 * @param contexts what the client may ask of ranges; each one's number is its index
 */
record Agreement(NbdExport export, long size, boolean structured, List<MetaContext> contexts) {
  /**
   * The transmission flags of an export.
   *
   * @param several whether a client may have more than one connection
   */
  static int flags(NbdExport export, boolean structured, boolean several) {
    int flags = Protocol.HAS_FLAGS | Protocol.SEND_FLUSH | Protocol.SEND_FUA;
    flags |= Protocol.SEND_CACHE | (several ? Protocol.CAN_MULTI_CONN : 0);
    flags |= structured ? Protocol.SEND_DF : 0;
    return flags
        | (export.writable()
            ? Protocol.SEND_TRIM | Protocol.SEND_WRITE_ZEROES | Protocol.SEND_FAST_ZERO
            : Protocol.READ_ONLY);
  }
}
