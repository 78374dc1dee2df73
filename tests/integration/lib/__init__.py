"""What the integration tests share: registries, images, servers, regbot."""
