package org.wardian.daemon.network.gateway;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.wardian.network.wire.IpAddress;

/**
 * The file of a network's leases, in the format of libvirt's lease helper: an array of objects with
 * {@code ip-address}, {@code mac-address}, {@code hostname}, {@code client-id}, {@code iaid} and
 * {@code expiry-time}. It is written whole under another name and renamed.
 */
public final class LeaseFile {
  private static final System.Logger LOG = System.getLogger(LeaseFile.class.getName());
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
  private static final long LARGEST = 8L << 20;
  private static final int MOST = 65_536;

  private LeaseFile() {}

  /**
   * An address that a guest has.
   *
   * @param address of IPv4 or IPv6
   * @param mac the card's Ethernet address; null where it is not known
   * @param hostName what the guest calls itself, or null
   * @param clientId the identifier that the guest sent, in hex digits with colons, or null
   * @param iaid number of the association of DHCPv6, or null
   * @param expiry when it runs out, in seconds since 1970; 0 for never
   */
  public record Lease(
      String address, String mac, String hostName, String clientId, String iaid, long expiry) {}

  /**
   * What a file holds. One that is not there has none; one that is damaged is told of in the log,
   * and has none either.
   */
  public static List<Lease> read(Path file) {
    List<Lease> leases = new ArrayList<>();
    try {
      if (!Files.exists(file)) {
        return leases;
      }
      if (Files.size(file) > LARGEST) {
        throw new IOException("it has more than " + LARGEST + " bytes");
      }
      byte[] bytes = Files.readAllBytes(file);
      JsonNode root = bytes.length == 0 ? null : MAPPER.readTree(bytes);
      if (root == null || root.isMissingNode()) {
        return leases;
      }
      if (!root.isArray() || root.size() > MOST) {
        throw new IOException("it is no list of leases");
      }
      for (JsonNode one : root) {
        Lease lease = lease(one);
        if (lease != null) {
          leases.add(lease);
        }
      }
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the leases in " + file + " cannot be read: " + e.getMessage());
    }
    return leases;
  }

  private static Lease lease(JsonNode one) {
    String address = one.path("ip-address").asText("");
    try {
      IpAddress.parse(address);
    } catch (IllegalArgumentException e) {
      return null;
    }
    String mac = text(one, "mac-address");
    if (mac != null && !mac.matches("\\p{XDigit}{2}(:\\p{XDigit}{2}){5}")) {
      return null;
    }
    return new Lease(
        address,
        mac,
        text(one, "hostname"),
        text(one, "client-id"),
        text(one, "iaid"),
        Math.max(0, one.path("expiry-time").asLong(0)));
  }

  private static String text(JsonNode one, String key) {
    String value = one.path(key).asText("");
    return value.isEmpty() || value.length() > 1024 || value.indexOf('\0') >= 0 ? null : value;
  }

  /** Writes all leases of a network. */
  public static void write(Path file, Collection<Lease> leases) throws IOException {
    ArrayNode array = MAPPER.createArrayNode();
    for (Lease lease : leases) {
      ObjectNode one = array.addObject();
      if (lease.iaid() != null) {
        one.put("iaid", lease.iaid());
      }
      one.put("ip-address", lease.address());
      if (lease.mac() != null) {
        one.put("mac-address", lease.mac());
      }
      if (lease.hostName() != null) {
        one.put("hostname", lease.hostName());
      }
      if (lease.clientId() != null) {
        one.put("client-id", lease.clientId());
      }
      one.put("expiry-time", lease.expiry());
    }
    Files.createDirectories(file.getParent());
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.write(fresh, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(array));
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
