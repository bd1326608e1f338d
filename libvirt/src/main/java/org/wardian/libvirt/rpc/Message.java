package org.wardian.libvirt.rpc;

import java.util.List;
import org.wardian.host.Descriptor;
import org.wardian.libvirt.xdr.XdrReader;

/**
 * A message that was received.
 *
 * @param header what it is
 * @param payload an array of its own, without the count of descriptors
 * @param descriptors files that came with it, owned by whoever has the message
 */
public record Message(Header header, byte[] payload, List<Descriptor> descriptors) {
  /** Reads the payload. */
  public XdrReader reader() {
    return new XdrReader(payload);
  }

  /** Closes the files that came with it. */
  public void closeDescriptors() {
    descriptors.forEach(Descriptor::close);
  }

  @Override
  public String toString() {
    return header + " with " + payload.length + " bytes and " + descriptors.size() + " files";
  }
}
