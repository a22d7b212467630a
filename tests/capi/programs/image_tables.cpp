// Space, place, channels and coordinates of images of our own and of their copies.
#include "claims.hpp"
#include <iolink.hpp>

#include <cmath>
#include <cstring>

using iolinkrs::Channel;
using iolinkrs::ImageView;

static bool is(const double *found, double x, double y, double z) {
    return found[0] == x && found[1] == y && found[2] == z;
}

/// A plane in millimetres at a place in the patient.
static iolink_image_properties plane() {
    IOLINK_SIZED(iolink_image_properties, known);
    known.dimension_count = 3;
    known.axes_interpretation = IOLINK_AXES_MULTISPECTRAL_IMAGE;
    for (int axis = 0; axis < 2; axis++) {
        known.spacing[axis] = 0.5;
        std::strcpy(known.units[axis], "millimeter");
    }
    known.space = IOLINK_SPACE_LPS;
    known.position[0] = 1;
    known.position[1] = 2;
    known.position[2] = 3;
    return known;
}

static void space(ImageView &image) {
    image.setProperties(plane());
    const iolink_image_properties known = image.properties();
    claim("the space comes back", known.space == IOLINK_SPACE_LPS);
    claim("the place comes back, the part of no axis too", is(known.position, 1, 2, 3));
    claim("it gives the origins of the axes that are there", known.origin[0] == 1 && known.origin[1] == 2);
    claim("units are written in one way", std::strcmp(known.units[0], "mm") == 0);
    iolink_image_properties moved = known;
    moved.origin[0] = 7;
    image.setProperties(moved);
    claim("an origin that is set moves the place", is(image.properties().position, 7, 2, 3));
    iolink_image_properties wrong = known;
    wrong.position[1] = std::nan("");
    rejects<iolinkrs::Error>("a place that is not finite", IOLINK_ERROR_INVALID_ARGUMENT, "position", [&] { image.setProperties(wrong); });
    wrong = known;
    wrong.space = 99;
    image.setProperties(wrong);
    claim("a space of a later version is unknown", image.properties().space == IOLINK_SPACE_UNKNOWN);
}

static void channels(ImageView &image) {
    claim("no channels are known yet", image.channels().empty());
    Channel dapi;
    dapi.name = "DAPI";
    dapi.color = {0, 0, 255, 255};
    dapi.displayMinimum = 12;
    dapi.displayMaximum = 4000;
    dapi.excitationNm = 405;
    dapi.emissionNm = 461.5;
    image.setChannels({dapi, Channel()});
    const auto known = image.channels();
    claim("channels come back whole", known.size() == 2 && known[0].name == "DAPI" && known[0].color == dapi.color &&
                                          known[0].displayMaximum == 4000 && known[0].emissionNm == 461.5 && known[1].name.empty());
    image.setProperties(plane());
    claim("other properties leave them", image.channels().size() == 2);
    rejects<iolinkrs::Error>("a table of another length", IOLINK_ERROR_INVALID_ARGUMENT, "1 channels, the image 2",
                             [&] { image.setChannels({dapi}); });
    dapi.excitationNm = -1;
    rejects<iolinkrs::Error>("a wavelength below 0", IOLINK_ERROR_INVALID_ARGUMENT, "wavelength", [&] { image.setChannels({dapi, dapi}); });
    claim("what is refused changes nothing", image.channels()[0].excitationNm == 405);
    image.setChannels({});
    claim("an empty list removes them", image.channels().empty());
}

static void coordinates(ImageView &image) {
    rejects<iolinkrs::NotFoundError>("an even axis", IOLINK_ERROR_NOT_FOUND, "even", [&] { image.coordinates(2); });
    image.setCoordinates(2, {405, 488});
    claim("coordinates come back", image.coordinates(2) == std::vector<double>({405, 488}));
    rejects<iolinkrs::Error>("too few", IOLINK_ERROR_INVALID_ARGUMENT, "1 coordinates", [&] { image.setCoordinates(2, {405}); });
    rejects<iolinkrs::Error>("one that is not finite", IOLINK_ERROR_INVALID_ARGUMENT, "coordinate",
                             [&] { image.setCoordinates(2, {405, std::nan("")}); });
    rejects<iolinkrs::Error>("an axis that is not there", IOLINK_ERROR_OUT_OF_RANGE, "axis 3", [&] { image.setCoordinates(3, {1}); });
    rejects<iolinkrs::Error>("an axis that is not there", IOLINK_ERROR_OUT_OF_RANGE, "axis 3", [&] { image.coordinates(3); });
    image.setCoordinates(2, {});
    rejects<iolinkrs::NotFoundError>("an empty list makes it even", IOLINK_ERROR_NOT_FOUND, "even", [&] { image.coordinates(2); });
}

int main() {
    iolinkrs::Registry registry;
    const auto image = registry.allocate({4, 3, 2}, IOLINK_TYPE_UINT8);
    space(*image);
    channels(*image);
    coordinates(*image);
    IOLINK_SIZED(iolink_error, error);
    double number = 0;
    claim("NULL is not a place for coordinates",
          iolink_image_get_coordinates(image->raw(), 2, 2, nullptr, nullptr, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
    claim("NULL is not a list of channels",
          iolink_image_set_channels(image->raw(), nullptr, 1, nullptr, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
    claim("a stream has no coordinates", iolink_image_get_coordinates(registry.stream()->raw(), 0, 1, nullptr, &number, &error) ==
                                             IOLINK_ERROR_TYPE);
    return 0;
}
