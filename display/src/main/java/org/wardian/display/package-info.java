/** What a guest shows, and what a person types and points at. */
package org.wardian.display;
