/**
 * The formats on the wire, Ethernet to DNS: parsers that are total functions, and writers. Nothing
 * here keeps state or does I/O.
 */
package org.wardian.network.wire;
